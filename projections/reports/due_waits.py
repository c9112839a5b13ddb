"""Question: for which orders has come what a rule waits for?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Cursor

from domain.rules.timers import Why
from projections.reports.due import IN_PARTS, Ask


@dataclass(frozen=True, slots=True)
class DueWait:
    """The end of a delay, or of silence."""

    due_at: datetime
    order_id: UUID
    wait_id: UUID
    rule: str
    rule_version: int
    why: Why
    position: int  # of the event that it began with
    began_with: UUID  # the command of that event
    correlation_id: UUID  # that it belongs to


def list_due_waits(cursor: Cursor[Any], ask: Ask) -> list[DueWait]:
    """List them in due order."""
    return [DueWait(*row) for row in cursor.execute(_QUESTION, ask.parameters)]


_QUESTION: Final[LiteralString] = f"""
    select w.due_at, w.order_id, w.wait_id, w.rule, w.rule_version, w.why, w.position,
           e.command_id, e.correlation_id
    from live.rule_waits w join log.events e using (position)
    where due_at <= %(now)s and {IN_PARTS}
      and (due_at, order_id, wait_id::text) > (%(due_at)s, %(order_id)s::uuid, %(which)s::text)
    order by due_at, order_id, wait_id::text limit %(limit)s
"""  # noqa: S608 - constants
