"""Waves: at fixed hours many orders are asked the same. Published data, as rules are."""
