"""Question: which order has this number? Test orders too, so it asks the tables, not the views."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Cursor

MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class OrderNumber:
    """An order that a source calls so."""

    order_id: UUID
    shop: str | None


def list_numbers(cursor: Cursor[Any], external_id: str) -> list[OrderNumber]:
    """List the orders with this number, of whatever source."""
    rows = cursor.execute(
        "select order_id, shop from live.orders where external_id = %s order by order_id limit %s",
        [external_id, MOST_FOUND],
    )
    return [OrderNumber(*row) for row in rows]
