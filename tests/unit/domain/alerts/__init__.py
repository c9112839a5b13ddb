"""The alert without a database: raised, acknowledged."""
