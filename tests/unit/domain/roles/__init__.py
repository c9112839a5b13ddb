"""Roles: what they say, and what whoever holds them may."""
