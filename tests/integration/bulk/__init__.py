"""Promises of batches on real PostgreSQL."""
