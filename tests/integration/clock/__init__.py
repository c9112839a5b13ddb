"""Promises of the clock on real PostgreSQL."""
