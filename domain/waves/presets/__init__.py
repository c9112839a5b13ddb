"""Waves that come with Orderpath."""
