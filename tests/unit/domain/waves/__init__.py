"""Waves: their language, their history, when they come."""
