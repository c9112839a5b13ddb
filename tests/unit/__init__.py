"""No I/O, all of it in seconds; mirrors the tree."""
