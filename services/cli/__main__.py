"""Lets `python -m services.cli` do what the console script does."""

from services.cli import main

main()
