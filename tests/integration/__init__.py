"""Real PostgreSQL, real processes."""
