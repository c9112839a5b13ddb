"""What the tests share: servers, examples, the given-when-then of each level."""
