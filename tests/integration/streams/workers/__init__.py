"""Workers from end to end: a real broker, a real database, workers as processes."""
