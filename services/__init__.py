"""What the system can be asked to do, and the programs that ask."""
