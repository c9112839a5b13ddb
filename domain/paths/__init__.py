"""Order paths: which statuses an order has, which moves are allowed, and to whom."""
