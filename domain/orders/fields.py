"""Details of an order that people may change, and that an order path gives rights on."""

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
