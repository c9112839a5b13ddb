"""Tests of tests/support where it decides something itself."""
