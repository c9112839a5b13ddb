"""The reports, on real PostgreSQL: small odd shops, and the real data set against its oracle."""
