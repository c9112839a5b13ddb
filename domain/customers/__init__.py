"""Customers: who they are, how they are reached, what the shop has noticed about them."""
