"""The Merkle tree, leaves and heads."""
