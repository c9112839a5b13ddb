"""Unit tests of package consumers."""
