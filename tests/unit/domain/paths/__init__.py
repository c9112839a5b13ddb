"""Order paths: their language and their history."""
