"""What a rule's own actions change of what its conditions read: behind them these are spent.

Called by domain.rules.acts; the commands name it (`spent_by`), and domain.orders.only_if asks.
"""

from collections.abc import Iterator, Sequence, Set
from typing import Final
from uuid import UUID

from domain.rules import actions as a
from domain.rules.conditions import compiled

_MONEY: Final = ("total_minor", "goods_minor", "discount_minor", "delivery_minor", "vat_minor")
# A move may move pieces and reserve or release them, and what is cancelled costs nothing.
_BY_MOVE: Final = frozenset(
    {"items", "order.status", "order.stage", "order.entered_at", "order.items_status"}
    | {f"order.{name}" for name in (*_MONEY, "due_minor", "payment_status")}
)


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
    match action:
        case a.Move():
            return _BY_MOVE
        case a.SetField(set=details):
            return {f"order.{name}" for name in details.touches}
        case a.Assign():
            return {"order.owner_user", "order.owner_group"}
        case a.WriteNote():
            return {"order.has_note"}
        case a.IssueDocument():
            return {"documents"}
        case a.TagCustomer() | a.UntagCustomer():
            return {"customer.tags"}
        case a.MarkCustomer():
            return {"customer.marks"}
        case _:
            return frozenset()  # It tells somebody, and changes nothing that is asked.
