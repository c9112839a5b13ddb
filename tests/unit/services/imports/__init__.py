"""Promises of the importers that need no database."""
