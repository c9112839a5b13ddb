"""The whole set under load while something breaks: in the end nothing is lost and all is equal."""
