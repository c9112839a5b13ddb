"""What a condition can name and compute: variables, fields, operators and functions, as data.

The checks of domain.paths.conditions, the context that they evaluate and the lists in docs/paths.md
all come from here. No personal data is in it, only whether there is any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. Where the order has none, a condition sees `absent`."""

    name: str
    absent: str | int | bool | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Named fields. A condition reads them one by one, never the record as a whole."""

    name: str
    fields: Mapping[str, "Type"]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of elements of one type, none of them a list."""

    element: Scalar | Record

    def __str__(self) -> str:
        return f"list({self.element})"


Type = Scalar | Record | ListOf
Environment = Mapping[str, Type]  # variable -> type
Signatures = Mapping[tuple[Type, ...], Scalar]  # types of the parts -> type of the whole

BOOL: Final = Scalar("bool", False)
INT: Final = Scalar("int", 0)
STRING: Final = Scalar("string", "")
TIMESTAMP: Final = Scalar("timestamp")
MAYBE_TIMESTAMP: Final = Scalar("timestamp or null")
DURATION: Final = Scalar("duration")  # only computed, no variable has it
NULL: Final = Scalar("null")  # only written, no variable has it

ENVIRONMENT: Final[Environment] = {
    "order": Record(
        "order",
        {
            "external_id": STRING,
            "path": STRING,
            "status": STRING,
            "stage": STRING,
            "order_type": STRING,
            "channel": STRING,
            "shop": STRING,
            "currency": STRING,
            "total_minor": INT,
            "goods_minor": INT,
            "discount_minor": INT,
            "delivery_minor": INT,
            "vat_minor": INT,
            "paid_minor": INT,
            "due_minor": INT,
            "refunded_minor": INT,
            "granted_minor": INT,
            "payment_status": STRING,
            "refund_status": STRING,
            "items_status": STRING,
            "customer_id": STRING,
            "delivery_method": STRING,
            "has_address": BOOL,
            "has_phone": BOOL,
            "has_email": BOOL,
            "has_note": BOOL,
            "promised_at": MAYBE_TIMESTAMP,
            "owner_user": STRING,
            "owner_group": STRING,
            "calls": INT,
            "test": BOOL,
            "track_number": STRING,
            "track_numbers": STRING,
            "placed_at": TIMESTAMP,
            "entered_at": TIMESTAMP,
        },
    ),
    "items": ListOf(
        Record(
            "item",
            {
                "item_id": STRING,
                "sku": STRING,
                "title": STRING,
                "seller": STRING,
                "quantity": INT,
                "unit_price_minor": INT,
                "discount_minor": INT,
                "ordered": INT,
                "to_buy": INT,
                "bought": INT,
                "received": INT,
                "reserved": INT,
                "assembled": INT,
                "shipped": INT,
                "delivered": INT,
                "lost": INT,
                "damaged": INT,
                "not_bought_out": INT,
                "returned": INT,
                "cancelled": INT,
                "upsell": BOOL,
            },
        )
    ),
    "payments": ListOf(
        Record(
            "payment",
            {
                "payment_id": STRING,
                "method": STRING,
                "amount_minor": INT,
                "authorised_minor": INT,
                "charged_minor": INT,
                "refunded_minor": INT,
                "charged_back_minor": INT,
                "status": STRING,
            },
        )
    ),
    "shipments": ListOf(
        Record(
            "shipment",
            {
                "shipment_id": STRING,
                "carrier": STRING,
                "track_number": STRING,
                "status": STRING,
            },
        )
    ),
    "documents": ListOf(Record("document", {"kind": STRING, "number": STRING, "status": STRING})),
    "customer": Record(
        "customer", {"customer_id": STRING, "tags": ListOf(STRING), "marks": ListOf(STRING)}
    ),
    "actor": Record("actor", {"kind": STRING, "id": STRING, "roles": ListOf(STRING)}),
    "now": TIMESTAMP,
}

MACROS: Final = ("all", "exists", "exists_one", "filter", "map")
LITERALS: Final = {  # functions of one written text, with an example
    "duration": "duration('24h30m')",
    "timestamp": "timestamp('2026-01-31T00:00:00Z')",
}
TEXT_TESTS: Final = ("contains", "endsWith", "startsWith")
FUNCTIONS: Final = (*MACROS, *LITERALS, *TEXT_TESTS, "size")

_SIMPLE = (BOOL, INT, STRING, TIMESTAMP, DURATION)
_ORDERED = (INT, TIMESTAMP, DURATION)

SIGNATURES: Final[Mapping[str, Signatures]] = {
    "!": {(BOOL,): BOOL},
    "negate": {(INT,): INT},
    **{sign: {(one, one): BOOL for one in _SIMPLE} for sign in ("==", "!=")},
    **{sign: {(one, one): BOOL for one in _ORDERED} for sign in ("<", "<=", ">", ">=")},
    "in": {(one, ListOf(one)): BOOL for one in (INT, STRING)},
    "?:": {(BOOL, one, one): one for one in _SIMPLE},
    "+": {
        (INT, INT): INT,
        (TIMESTAMP, DURATION): TIMESTAMP,
        (DURATION, DURATION): DURATION,
    },
    "-": {
        (INT, INT): INT,
        (TIMESTAMP, TIMESTAMP): DURATION,
        (TIMESTAMP, DURATION): TIMESTAMP,
        (DURATION, DURATION): DURATION,
    },
    **{sign: {(INT, INT): INT} for sign in "*/%"},
    **{name: {(STRING, STRING): BOOL} for name in TEXT_TESTS},
}
