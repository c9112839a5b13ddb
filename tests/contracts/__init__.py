"""One suite per port, run on everything that stands behind it."""
