"""The sealed log: a Merkle tree over it, and heads of that tree that are signed."""
