"""Details of an order that people may change, and what else an order path gives rights on."""

from typing import Final

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
