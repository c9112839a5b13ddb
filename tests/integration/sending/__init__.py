"""Messages leave the house: real servers take them, and what became of them stands in the log."""
