"""Lint: guards that are too much together. Each move is bounded when it is asked for; whoever lists
what is allowed asks those of every move out of a status.
"""

from collections.abc import Iterator
from typing import Final

from domain.orders.commands import MAX_LINES
from domain.paths.conditional import compiled
from domain.paths.conditions import MAX_OPERATIONS
from domain.paths.costs import operations
from domain.paths.findings import Finding
from domain.paths.path import OrderPath

_OTHERS: Final = 200  # shipments, documents; of payments, tags and roles there are hardly more


def list_cost_findings(path: OrderPath) -> Iterator[Finding]:
    """Give the statuses that are dear to look out of."""
    asked: dict[str, set[tuple[str, ...]]] = {}
    for (source, _), rule in path.matrix.items():
        # Guards that several moves share are answered once.
        asked.setdefault(source, set()).add(tuple(guard.when for guard in rule.guards))
    for status, groups in asked.items():
        cost = sum(_cost(when) for group in groups for when in set(group))
        if cost > MAX_OPERATIONS:
            yield _too_costly(status, cost)


def _cost(when: str) -> int:
    """Say how many operations a condition takes of an order that has as much as it may."""
    condition = compiled(when)
    full = {name: MAX_LINES if name == "items" else _OTHERS for name in condition.lists}
    return 0 if condition.plain else operations(condition.cost, full)


def _too_costly(status: str, cost: int) -> Finding:
    return Finding(
        code="guards_too_costly",
        severity="error",
        place=("statuses", status),
        message=f"the guards of all moves out of it take up to {cost:,} operations",
        why="whoever asks what is allowed asks them all, and everybody else waits",
        needed=f"at most {MAX_OPERATIONS:,}: take out macros that stand within others, or moves",
    )
