"""Teams without a database: presence, caps, sharing out, who holds what."""
