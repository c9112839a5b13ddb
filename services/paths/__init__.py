"""Order paths beside their publishing: what they look like, and what the orders on them show."""
