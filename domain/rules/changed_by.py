"""Which events may change which fields that a rule looks at: tested on random orders."""

from collections.abc import Collection, Mapping
from typing import Final

_PATH: Final = ("placed", "path_migrated", "status_recorded", "fact_annulled")
_STATUS: Final = (*_PATH, "status_changed")
_LINES: Final = ("placed", "item_added", "item_changed", "fact_annulled")
_ITEMS: Final = (*_LINES, "item_status_changed")  # Pieces that are cancelled cost nothing.
_PAID: Final = (
    *_LINES,
    "payment_submitted",
    "payment_authorised",
    "payment_charged",
    "payment_refunded",
    "payment_charged_back",
    "refund_granted",
)
_OWED: Final = (*_PAID, "item_status_changed")
_NAMED: Final = (*_PAID, "status_recorded")  # Facts beside the placement tell whose, and which.
_PLACING: Final = ("placed", "fact_annulled")
_DETAILS: Final = (*_PLACING, "fields_changed")
_CONTACT: Final = (*_NAMED, "fields_changed")  # It is of who is the customer.

_EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "external_id": _NAMED,
    "path": _PATH,
    "status": _STATUS,
    "stage": _STATUS,
    "order_type": _PLACING,
    "channel": _PLACING,
    "shop": _PLACING,
    "currency": _PAID,
    "total_minor": _ITEMS,
    "goods_minor": _ITEMS,
    "discount_minor": _ITEMS,
    "delivery_minor": _ITEMS,
    "vat_minor": _ITEMS,
    "paid_minor": _PAID,
    "due_minor": _OWED,
    "refunded_minor": _PAID,
    "granted_minor": _PAID,
    "payment_status": _OWED,
    "refund_status": _PAID,
    "items_status": _ITEMS,
    "customer_id": _NAMED,
    "delivery_method": _DETAILS,
    "has_address": _CONTACT,
    "has_phone": _CONTACT,
    "has_email": _CONTACT,
    "has_note": ("note_added",),
    "calls": ("call_logged",),
    "promised_at": _DETAILS,
    "owner_user": ("owner_assigned",),
    "owner_group": ("owner_assigned",),
    "test": (*_PLACING, "test_flag_changed"),
    "track_number": _DETAILS,
    "track_numbers": (*_DETAILS, "shipment_created", "shipment_tracked", "shipment_moved"),
    "placed_at": (*_PATH, "item_added"),
    "entered_at": _STATUS,
}
CHANGED_BY: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(f"order.{event}" for event in events) for name, events in _EVENTS.items()
}


def fields_changed_by(events: Collection[str]) -> frozenset[str]:
    """Name the fields that any of these events may change, as rules call them."""
    return frozenset(name for name, by in CHANGED_BY.items() if not by.isdisjoint(events))
