"""How Orderpath touches PostgreSQL, files, settings and the log; handed in by bootstrap."""
