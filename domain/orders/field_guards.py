"""Who may change which detail of an order. Gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.messages import Actor
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.refusals import Unmet


def field_may_be_edited(order: Order, path: OrderPath, actor: Actor, name: str) -> Iterator[Unmet]:
    """A right that is denied to one role of the actor is denied, whatever the others may."""
    right = path.fields.get(name)
    if right is None:
        return
    denied = set(right.never) & set(actor.roles)
    if denied or (right.edit and not set(right.edit) & set(actor.roles)):
        held = ", ".join(sorted(denied)) or actor.held or "no role"
        yield Unmet(
            code="field_not_editable",
            field=name,
            message=f"{held} may not change {name}",
            needed="one of " + ", ".join(right.edit) if right.edit else "another role",
        )
    if order.status in right.closed_in:
        yield Unmet(
            code="field_closed",
            field=name,
            message=f"{name} is not changed any more in {order.status}",
            needed="another status than " + ", ".join(right.closed_in),
        )
