"""What may happen and what has happened, one module of tests per module of the domain."""
