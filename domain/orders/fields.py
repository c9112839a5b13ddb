"""Details of an order that people may change, and what else an order path gives rights on."""

from datetime import datetime
from typing import Final, cast

from domain.orders.events import OrderPlaced

FieldValue = str | datetime | None

FIELDS: Final = (
    "customer_name",
    "customer_phone",
    "customer_email",
    "delivery_address",
    "delivery_method",
    "promised_at",
    "track_number",
)

PRICES: Final = (
    "price",  # of a line and of its VAT: when it is placed, added, changed
    "discount",  # off a line and off the whole order
)
LINES: Final = "lines"  # that there come more of them, or more pieces of one, once it is placed
RIGHTS: Final = (*FIELDS, *PRICES, LINES)


def placed_with(placed: OrderPlaced, name: str) -> FieldValue:
    """Give a detail as the order was placed with it."""
    group, _, attribute = name.partition("_")
    if group == "customer" and placed.customer is not None:
        return cast(str | None, getattr(placed.customer, attribute))
    if placed.delivery is not None:
        return {
            "delivery_address": placed.delivery.address,
            "delivery_method": placed.delivery.method,
            "promised_at": placed.delivery.promised_at,
        }.get(name)
    return None
