"""Promises of waves on real PostgreSQL."""
