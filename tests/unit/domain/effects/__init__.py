"""Messages that leave the house, without a database: what may become of them."""
