"""What README.md and docs/*.md show is run: every block of every page, by what its first line says."""
