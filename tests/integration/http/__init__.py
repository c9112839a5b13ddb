"""Orderpath over HTTP: a real server, a real database."""
