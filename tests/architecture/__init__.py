"""The house itself: imports, names, lengths."""
