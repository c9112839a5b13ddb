"""What the command pipeline promises, on a real PostgreSQL."""
