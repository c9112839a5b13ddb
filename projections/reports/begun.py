"""Questions: what had begun, or had happened, by a moment that is past? The demo asks: where a
story is told again, its time is behind that of the tables.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Cursor


def stays_begun_by(
    cursor: Cursor[Any], order_ids: Iterable[UUID], moment: datetime
) -> frozenset[UUID]:
    """Give those of these orders that were already where they stand."""
    return frozenset(row[0] for row in cursor.execute(_STAYS, [[*order_ids], moment]))


def waits_begun_by(
    cursor: Cursor[Any], wait_ids: Iterable[str], moment: datetime
) -> frozenset[str]:
    """Give those of these waits of rules that had begun."""
    return frozenset(row[0] for row in cursor.execute(_WAITS, [[*wait_ids], moment]))


def happened_by(cursor: Cursor[Any], positions: Iterable[int], moment: datetime) -> frozenset[int]:
    """Give those of these positions of the log whose events had happened."""
    return frozenset(row[0] for row in cursor.execute(_EVENTS, [[*positions], moment]))


_STAYS: Final[LiteralString] = """
    select order_id from live.stays where order_id = any(%s) and entered_at <= %s
"""
_WAITS: Final[LiteralString] = """
    select w.wait_id::text from live.rule_waits w join log.events e on e.position = w.position
    where w.wait_id = any(%s::uuid[]) and e.occurred_at <= %s
"""
_EVENTS: Final[LiteralString] = """
    select position from log.events where position = any(%s) and occurred_at <= %s
"""
