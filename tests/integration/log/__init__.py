"""What the log promises, on a real PostgreSQL."""
