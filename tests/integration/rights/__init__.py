"""Keys, tokens and roles on the real log."""
