"""Rules on a real PostgreSQL: judged once, acted on once, whatever happens on the way."""
