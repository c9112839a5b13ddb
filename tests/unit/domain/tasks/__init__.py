"""The task without a database: created, assigned, finished, dropped."""
