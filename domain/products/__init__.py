"""Products: what is sold, at which price, and the discounts in force."""
