"""Templates: what a text may say, and what it becomes."""
