"""Promises of the importers on real PostgreSQL."""
