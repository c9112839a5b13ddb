"""Whose the contact on an order is: what was changed of it counts for who was the customer then;
what was changed while nobody was, for nobody, and for the only one whose order it is told to be.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.orders.events import FieldsChanged
from domain.orders.timeline import TimelineKey
from domain.personal import personal_fields

if TYPE_CHECKING:
    from domain.orders.order import Order

# Of the details that may be changed, those that are personal.
CONTACT: Final = frozenset(personal_fields(FieldsChanged))


class Changed(NamedTuple):
    """What somebody changed of the contact; for each customer the last change is kept."""

    customer_id: str | None  # who was the customer then
    subject_id: str | None  # whose data it is sealed as; None: the order's own, of nobody known
    placed_by: tuple[bool, TimelineKey] | None  # the placement that counted then
    value: str | None


Contact = Mapping[str, tuple[Changed, ...]]  # detail -> changes, the latest last


def changed_by(order: "Order", values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of an order's state is another one once details were changed."""
    contact = {
        name: (
            *_of_others(order, name),
            Changed(order.customer_id, order.subject_id, order.placed_by, values[name]),
        )
        for name in values
        if name in CONTACT
    }
    fields = {name: value for name, value in values.items() if name not in CONTACT}
    changes: dict[str, Any] = {"contact": {**order.contact, **contact}} if contact else {}
    return changes | ({"fields": {**order.fields, **fields}} if fields else {})


def changed_contact(order: "Order", name: str) -> Changed | None:
    """Give the change of a detail that counts for who is the customer now; None: there is none."""
    for change in reversed(order.contact.get(name, ())):
        if change.customer_id is None and not _stands(change, order):
            continue
        if change.customer_id == order.customer_id or _became_theirs(change, order):
            return change
    return None


def is_of_another(then: "Order", now: "Order") -> bool:
    """Say whether an order has another customer by now than it had, or none any more. One that had
    lost its customer tells of that one; a guest is another one where another placement counts.
    """
    whose = then.customer_id or then.subject_id
    if whose is not None:
        return whose != now.customer_id
    return then.placed_by not in (None, now.placed_by)


def follow_customer(order: "Order") -> None:
    """Let an order be of whose it has come to be: what comes now is sealed as their data."""
    whose = order.customer_id
    if whose is not None and whose != order.subject_id:
        order.__dict__.update(subject_id=whose, subjects=order.subjects | {whose})


def _stands(change: Changed, order: "Order") -> bool:
    """Whether the placement by which somebody was a guest was not annulled since."""
    if change.placed_by is None or change.placed_by == order.placed_by:
        return True
    is_fact, key = change.placed_by
    return not is_fact or any(one.key == key for one in order.placements)


def _became_theirs(change: Changed, order: "Order") -> bool:
    """Whether what was changed while nobody was the customer is of who is now: nobody else is told
    to be, nor was when it was sealed.
    """
    if change.customer_id is not None or change.subject_id not in (None, order.customer_id):
        return False
    told = (one.event.whose for one in order.placements)
    return len({order.customer_id, order.told_customer_id, *told} - {None}) == 1


def _of_others(order: "Order", name: str) -> tuple[Changed, ...]:
    changes = order.contact.get(name, ())
    return tuple(one for one in changes if one.customer_id != order.customer_id)
