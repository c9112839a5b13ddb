"""Statuses that a version of a path closes to the orders that are in them, though not finished."""

from typing import Literal

from domain.paths.path import OrderPath

Closing = Literal["missing", "inactive", "final"]


def closing(path: OrderPath, status: str) -> Closing | None:
    """Say why an order that is not finished cannot just stay in a status; None: it can."""
    found = path.statuses.get(status)
    if found is None:
        return "missing"
    if not found.active:
        return "inactive"
    return "final" if found.final else None
