"""The order: commands in, decisions, events out, state."""
