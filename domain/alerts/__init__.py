"""Alerts: what somebody should know, shown in an inbox until somebody acknowledges it."""
