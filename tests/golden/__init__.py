"""Stored names and stored events: promises for ever."""
