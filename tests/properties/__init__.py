"""Laws that hold for whatever happens, in whatever order."""
