"""Many orders at once: chosen, rehearsed, asked one by one, and taken back. See docs/bulk.md."""
