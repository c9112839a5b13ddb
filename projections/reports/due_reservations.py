"""Question: for which orders is something kept beyond its time? Test orders too, so it asks the
tables, not the views.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Cursor

from projections.reports.due import IN_PARTS, Ask


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order with pieces that are kept beyond their time."""

    due_at: datetime  # the latest moment that has passed
    order_id: UUID
    version: int  # of the order, by the log


def list_due_reservations(cursor: Cursor[Any], ask: Ask) -> list[DueOrder]:
    """List orders in due order."""
    return [DueOrder(*row) for row in cursor.execute(_QUESTION, ask.parameters)]


_QUESTION: Final[LiteralString] = f"""
    select d.due_at, d.order_id, (
        select max(e.version) from log.events e where e.stream_id = 'order-' || d.order_id)
    from (
        select order_id, max(expires_at) as due_at from live.reservations
        where quantity > 0 and expires_at <= %(now)s and {IN_PARTS}
        group by order_id) d
    where (d.due_at, d.order_id) > (%(due_at)s, %(order_id)s::uuid)
    order by d.due_at, d.order_id limit %(limit)s
"""  # noqa: S608 - constants
