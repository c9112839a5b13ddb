"""Tests of infra that touch no server."""
