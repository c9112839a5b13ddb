"""Which events may change which fields that a rule looks at: tested on random orders."""

from collections.abc import Mapping
from typing import Final

_STATUS: Final = ("placed", "status_changed", "path_migrated", "status_recorded", "fact_annulled")
_ITEMS: Final = ("placed", "item_added", "item_changed", "item_status_changed", "fact_annulled")
_MONEY: Final = (
    *_ITEMS,
    "payment_submitted",
    "payment_authorised",
    "payment_charged",
    "payment_refunded",
    "payment_charged_back",
    "refund_granted",
)
_PLACING: Final = ("placed", "fact_annulled")
_DETAILS: Final = (*_PLACING, "fields_changed")

_EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "external_id": _PLACING,
    "path": _STATUS,
    "status": _STATUS,
    "stage": _STATUS,
    "order_type": _PLACING,
    "channel": _PLACING,
    "shop": _PLACING,
    "currency": _MONEY,
    "total_minor": _ITEMS,
    "goods_minor": _ITEMS,
    "discount_minor": _ITEMS,
    "delivery_minor": _ITEMS,
    "vat_minor": _ITEMS,
    "paid_minor": _MONEY,
    "due_minor": _MONEY,
    "refunded_minor": _MONEY,
    "granted_minor": _MONEY,
    "payment_status": _MONEY,
    "refund_status": _MONEY,
    "items_status": _ITEMS,
    "customer_id": (*_MONEY, "status_recorded"),
    "delivery_method": _DETAILS,
    "has_address": _DETAILS,
    "has_phone": _DETAILS,
    "has_email": _DETAILS,
    "has_note": ("note_added",),
    "calls": ("call_logged",),
    "promised_at": _DETAILS,
    "owner_user": ("owner_assigned",),
    "owner_group": ("owner_assigned",),
    "test": (*_PLACING, "test_flag_changed"),
    "track_number": _DETAILS,
    "track_numbers": (*_DETAILS, "shipment_created", "shipment_tracked", "shipment_moved"),
    "placed_at": (*_STATUS, "item_added"),
    "entered_at": _STATUS,
}
CHANGED_BY: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(f"order.{event}" for event in events) for name, events in _EVENTS.items()
}
