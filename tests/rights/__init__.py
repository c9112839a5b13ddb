"""Who may do what, in one table, tried action by action against a real server."""
