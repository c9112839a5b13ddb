"""Whose the contact on an order is: what was changed of it counts for who was the customer then,
and for who came to be where nobody was.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from domain.orders.events import FieldsChanged
from domain.personal import personal_fields

if TYPE_CHECKING:
    from domain.orders.order import Order

# Of the details that may be changed, those that are personal.
CONTACT: Final = frozenset(personal_fields(FieldsChanged))

Whose = Mapping[str, tuple[str | None, ...]]  # detail -> customers for whom it counts, None: nobody


def changed_by(order: "Order", values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of an order's state is another one once details were changed."""
    changes: dict[str, Any] = {"fields": {**order.fields, **values}}
    if not CONTACT.isdisjoint(values):
        whose = dict.fromkeys(CONTACT.intersection(values), (order.customer_id,))
        changes["contact_for"] = {**order.contact_for, **whose}
    return changes


def counts(order: "Order", name: str) -> bool:
    """Say whether a detail that was changed is still one of the order."""
    return name not in order.contact_for or order.customer_id in order.contact_for[name]


def follow_customer(order: "Order") -> None:
    """Let an order be of whose it has come to be: what comes from now on is sealed as their data,
    and the contact that it had as nobody's is theirs.
    """
    whose = order.customer_id
    if whose is None:
        return
    if whose != order.subject_id:
        order.__dict__.update(subject_id=whose, subjects=order.subjects | {whose})
    if order.contact_for:
        order.__dict__["contact_for"] = {
            name: (None, whose) if of == (None,) else of for name, of in order.contact_for.items()
        }
