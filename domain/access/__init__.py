"""API keys: by what a program shows who it is. Streams `apikey-<name>`."""
