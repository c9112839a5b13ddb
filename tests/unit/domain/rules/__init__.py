"""Rules as values: what they look at, what they say, what they send."""
