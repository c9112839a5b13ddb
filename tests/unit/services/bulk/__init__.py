"""Promises of batches that need no database."""
