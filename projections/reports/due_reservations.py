"""Question: for which orders is something kept beyond its time? Test orders too, so it asks the
tables, not the views.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor

FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order with pieces that are kept beyond their time."""

    order_id: UUID
    due_at: datetime  # the latest moment that has passed
    version: int  # of the order, by the log


def list_due(cursor: Cursor[Any], now: datetime, *, after: UUID, limit: int) -> list[DueOrder]:
    """List orders by their id, those that come after one; FIRST comes before all."""
    return [DueOrder(*row) for row in cursor.execute(_QUESTION, [now, after, limit])]


_QUESTION: Final = """
    select d.order_id, d.due_at, (
        select max(e.version) from log.events e where e.stream_id = 'order-' || d.order_id)
    from (
        select order_id, max(expires_at) as due_at from live.reservations
        where quantity > 0 and expires_at <= %s and order_id > %s
        group by order_id order by order_id limit %s) d
    order by d.order_id
"""
