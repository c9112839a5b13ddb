"""What may happen to an order and what has happened: pure, no clock, no I/O."""
