"""The read models on a real PostgreSQL: each event once, whatever happens on the way."""
