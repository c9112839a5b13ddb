"""Questions: who is known to the shop, and what of each is in the tables? Never a name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 1_000


class Figures(TypedDict):
    """The orders of a customer, in numbers; test orders are left out."""

    customer_id: str
    mark_reasons: dict[str, str]
    orders: int
    open_orders: int
    won_orders: int
    lost_orders: int
    last_order_at: datetime | None


class CustomersOrder(TypedDict):
    """One order of a customer."""

    order_id: UUID
    external_id: str | None
    placed_at: datetime | None
    status: str | None
    total_minor: int
    currency: str | None


def list_customer_ids(reader: Reader, after: str, limit: int) -> list[str]:
    """List the ids behind one, in alphabetical order."""
    rows = reader.execute(_IDS, [after, limit])
    return [row["customer_id"] for row in rows]


def is_customer(reader: Reader, customer_id: str) -> bool:
    """Say whether there is such a customer among those who are seen."""
    found = reader.execute("select from customers where customer_id = %s", [customer_id])
    return found.fetchone() is not None


def has_orders(reader: Reader, customer_id: str) -> bool:
    """Say whether the customer has orders among those that are seen, test orders too."""
    found = reader.execute("select from orders where customer_id = %s limit 1", [customer_id])
    return found.fetchone() is not None


def figures_of(reader: Reader, ids: Sequence[str]) -> dict[str, Figures]:
    """Give the figures of customers, by id; of whom the tables know nothing is missing."""
    rows = reader.execute(_FIGURES, [list(ids)]).fetchall()
    return {row["customer_id"]: cast(Figures, row) for row in rows}


def list_orders_of(reader: Reader, customer_id: str, limit: int) -> list[CustomersOrder]:
    """List a customer's orders, the latest first; test orders are left out.

    Shape:  0..limit rows, ties by order_id.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    parameters = [customer_id, checked_limit(limit, MOST_LISTED)]
    return cast(list[CustomersOrder], reader.execute(_ORDERS, parameters).fetchall())


_IDS: Final = """
    select customer_id from customers where customer_id > %s order by customer_id limit %s
"""

_FIGURES: Final = """
    select customer_id, mark_reasons, orders, open_orders, won_orders, lost_orders, last_order_at
    from customers where customer_id = any(%s)
"""

_ORDERS: Final = """
    select order_id, external_id, placed_at, status, total_minor, currency
    from orders where customer_id = %s and not test
    order by placed_at desc nulls last, order_id limit %s
"""
