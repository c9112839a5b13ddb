"""What is shipped: the wheel, installed elsewhere."""
