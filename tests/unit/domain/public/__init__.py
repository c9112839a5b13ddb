"""Tests of domain/public."""
