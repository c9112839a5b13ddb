"""Enquiries: somebody asks by web or phone, and becomes a customer and then an order, or not."""
