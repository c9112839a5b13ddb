"""Templates: what messages say, as published data in several languages."""
