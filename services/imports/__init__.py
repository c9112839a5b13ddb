"""Orders of other systems: files in, facts out. Called by services.cli; see docs/import.md."""
