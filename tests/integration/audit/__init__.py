"""Promises of the sealed log on real PostgreSQL."""
