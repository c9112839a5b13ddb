"""The simulated shop on a real database."""
