"""An order's number in its source, and whose it is, as facts beside its placement tell: of several
the least, which does not depend on who came first.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from domain.orders.order import Order


def told_by(order: "Order", fact: object) -> dict[str, Any]:
    """Give what of an order's state is another one behind a fact."""
    return {
        f"told_{name}": _least(getattr(order, f"told_{name}"), said)
        for name in ("external_id", "customer_id")
        if (said := getattr(fact, name, None)) is not None
    }


def told_without(order: "Order", version: int) -> dict[str, Any]:
    """Give the same where a placement is annulled: the order keeps its number, and no customer. One
    that was placed by a decision has its number by that, and keeps none of a fact beside it.
    """
    if order.placed_by is not None and not order.placed_by[0]:
        return {}
    numbers = {one.event.external_id for one in order.placements if one.version == version}
    said = numbers.pop() if numbers else None
    return {} if said is None else {"told_external_id": _least(order.told_external_id, said)}


def _least(known: str | None, said: str) -> str:
    return said if known is None else min(known, said)
