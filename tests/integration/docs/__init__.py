"""What README.md and docs/*.md show is run: every block, by what its first line says."""
