"""The stock without a database: commands, reservations, allocation, expiry."""
