"""Series of document numbers. The documents themselves are part of their order."""
