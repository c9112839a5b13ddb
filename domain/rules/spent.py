"""What a rule's own actions change of what its conditions read: behind them these are spent.

Called by domain.rules.acts; the commands name it (`spent_by`), and domain.orders.only_if asks.
"""

from collections.abc import Iterator, Sequence, Set
from uuid import UUID

from domain.rules import actions as a
from domain.rules.conditions import compiled
from domain.rules.left_by import fields_left_by


def spent_by(
    conditions: Sequence[str], earlier: Sequence[tuple[UUID, a.Action]]
) -> Iterator[tuple[str, tuple[UUID, ...]]]:
    """Give the conditions that earlier actions may have made untrue, with the commands of these."""
    for source in conditions:
        reads = _reads(source)
        ids = tuple(id_ for id_, action in earlier if not reads.isdisjoint(_touched(action)))
        if ids:
            yield source, ids


def _reads(source: str) -> Set[str]:
    """Name the variables of a condition, and their fields."""
    condition = compiled(source)
    fields = {f"{of}.{name}" for of, names in condition.fields.items() for name in names}
    return condition.reads.keys() | fields


def _touched(action: a.Action) -> Set[str]:
    return _variables(action) | {f"order.{name}" for name in fields_left_by(action)}


def _variables(action: a.Action) -> Set[str]:
    """Name what it may change beside the fields of the order."""
    match action:
        case a.Move():
            return {"items"}
        case a.IssueDocument():
            return {"documents"}
        case a.TagCustomer() | a.UntagCustomer():
            return {"customer.tags"}
        case a.MarkCustomer():
            return {"customer.marks"}
        case _:
            return frozenset()
