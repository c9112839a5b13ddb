"""Keys of personal data: wrapped by a master key, rotated, destroyed."""
