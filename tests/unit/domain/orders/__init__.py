"""The order: every command, every refusal."""
