"""The measuring itself: what it says, and that it ends."""
