"""Tests of domain.documents."""
