"""The command line on real PostgreSQL, each command run within the test's own process."""
