"""Orderpath over HTTP: questions and commands, for programs and for whoever is elsewhere."""
