"""API keys: what may happen to them."""
