"""Question: which deadlines have come? Test orders too, so it asks the tables, not the views."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Cursor

from projections.reports.due import IN_PARTS, Ask


@dataclass(frozen=True, slots=True)
class DueDeadline:
    """A deadline of an order that has come, and of which nobody said so."""

    due_at: datetime
    order_id: UUID
    level: str
    entered: int  # version of the event that entered the status
    version: int  # of the event that made the limit what it is
    began_with: UUID | None  # the command of that event
    correlation_id: UUID | None  # that it belongs to


def list_due_deadlines(cursor: Cursor[Any], ask: Ask) -> list[DueDeadline]:
    """List them in due order."""
    return [DueDeadline(*row) for row in cursor.execute(_QUESTION, ask.parameters)]


_QUESTION: Final[LiteralString] = f"""
    select d.*, e.command_id, e.correlation_id
    from (
        select due_at, order_id, level, entered, version from live.deadlines
        where state = 'open' and due_at <= %(now)s and {IN_PARTS}
          and (due_at, order_id, level) > (%(due_at)s, %(order_id)s::uuid, %(which)s::text)
        order by due_at, order_id, level limit %(limit)s
    ) d
    left join lateral (
        select e.command_id, e.correlation_id from log.events e
        where e.stream_id = 'order-' || d.order_id and e.version = d.version
        offset 0 -- one by one: never all of the log at once
    ) e on true
    order by d.due_at, d.order_id, d.level
"""  # noqa: S608 - constants
