"""Programs started as in production, spoken to from outside only."""
