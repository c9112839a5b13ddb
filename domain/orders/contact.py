"""Whose the contact on an order is: what was changed of it counts for who was the customer then;
what was changed while nobody was, for nobody, and for the only one whose order it is told to be.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, assert_never

from domain.orders.events import FieldsChanged
from domain.orders.timeline import TimelineKey
from domain.personal import personal_fields

if TYPE_CHECKING:
    from domain.orders.order import Order

# Of the details that may be changed, those that are personal.
CONTACT: Final = frozenset(personal_fields(FieldsChanged))


class Changed(NamedTuple):
    """What somebody changed of the contact; for each of whom the order was, the last is kept."""

    customer_id: str | None  # who was the customer then
    subject_id: str | None  # whose data it is sealed as; None: the order's own, of nobody known
    placed_by: tuple[bool, TimelineKey] | None  # the placement that counted then
    lost_guest: TimelineKey | None  # the order's last placement, annulled by then, if of a guest
    value: str | None


Contact = Mapping[str, tuple[Changed, ...]]  # detail -> changes, the latest last


class _Whose(NamedTuple):
    """Of whom an order is: of a customer by the id, of a guest by the placement that counts."""

    kind: Literal["customer", "guest", "lost_customer", "lost_guest", "nobody_yet"]
    who: object


def changed_by(order: "Order", values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of an order's state is another one once details were changed."""
    then = (order.customer_id, order.subject_id, order.placed_by, order.lost_guest)
    contact = {
        name: (*_of_others(order, name), Changed(*then, values[name]))
        for name in values
        if name in CONTACT
    }
    fields = {name: value for name, value in values.items() if name not in CONTACT}
    changes: dict[str, Any] = {"contact": {**order.contact, **contact}} if contact else {}
    return changes | ({"fields": {**order.fields, **fields}} if fields else {})


def changed_contact(order: "Order", name: str) -> Changed | None:
    """Give the change of a detail that counts for who is the customer now; None: there is none."""
    changes = reversed(order.contact.get(name, ()))
    return next((change for change in changes if _counts(change, order)), None)


def is_of_another(then: "Order", now: "Order") -> bool:
    """Say whether an order is of another one by now than it was, or of nobody any more. One that
    had lost its customer tells of that one; a guest is another one where another placement counts.
    """
    kind, who = _whose(then)
    match kind:
        case "customer" | "lost_customer":
            return who != now.customer_id
        case "guest":
            return who != now.placed_by
        case "lost_guest":
            return _whose(now) != (kind, who)
        case "nobody_yet":
            return False
        case _:
            assert_never(kind)


def lost_its_customer(order: "Order") -> bool:
    """Say whether an order is of nobody, and was of a customer last."""
    return _whose(order).kind == "lost_customer"


def follow_customer(order: "Order") -> None:
    """Let an order be of whose it has come to be: what comes now is sealed as their data."""
    whose = order.customer_id
    if whose is not None and whose != order.subject_id:
        order.__dict__.update(subject_id=whose, subjects=order.subjects | {whose})


def _whose(of: "Order | Changed") -> _Whose:
    if of.customer_id is not None:
        return _Whose("customer", of.customer_id)
    if of.placed_by is not None:
        return _Whose("guest", of.placed_by)
    if of.lost_guest is not None:
        return _Whose("lost_guest", of.lost_guest)
    if of.subject_id is not None:
        return _Whose("lost_customer", of.subject_id)
    return _Whose("nobody_yet", None)


def _counts(change: Changed, order: "Order") -> bool:
    """Whether what was changed is of whom the order is now."""
    kind, who = _whose(change)
    match kind:
        case "customer":
            return who == order.customer_id
        case "guest":
            is_theirs = order.customer_id is None or _became_theirs(change, order)
            return is_theirs and _stands(change, order)
        case "lost_customer":
            return _whose(order) == (kind, who) or _became_theirs(change, order)
        case "lost_guest":
            return _whose(order) == (kind, who)
        case "nobody_yet":
            return order.customer_id is None or _became_theirs(change, order)
        case _:
            assert_never(kind)


def _stands(change: Changed, order: "Order") -> bool:
    """Whether the placement by which somebody was a guest was not annulled since."""
    placed_by = change.placed_by
    if placed_by is None or placed_by == order.placed_by:
        return placed_by is not None
    is_fact, key = placed_by
    return not is_fact or any(one.key == key for one in order.placements)


def _became_theirs(change: Changed, order: "Order") -> bool:
    """Whether what was changed while nobody was the customer is of who is now: nobody else is told
    to be, nor was when it was sealed.
    """
    if change.subject_id not in (None, order.customer_id):
        return False
    told = (one.event.whose for one in order.placements)
    return len({order.customer_id, order.told_customer_id, *told} - {None}) == 1


def _of_others(order: "Order", name: str) -> tuple[Changed, ...]:
    """Give the changes that a new one does not replace, as each may come to count again."""
    changes, now = order.contact.get(name, ()), _whose(order)
    return tuple(one for one in changes if _whose(one) != now)
