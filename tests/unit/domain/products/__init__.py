"""Products, discounts and prices without a database."""
