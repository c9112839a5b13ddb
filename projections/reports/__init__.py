"""The questions that people ask of the orders, one file each: SQL over schema analytics.

Every function takes a cursor and gives plain rows with stable keys (docs/reports.md).
"""
