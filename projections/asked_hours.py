"""Which fixed hours every order has been told of, as the clock has seen it: ops.asked_hours.

Where orders stand is known as far as the live build of status_visits has come. Behind that only the
orders are of interest to which something has happened since.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor
from pydantic_core import to_json

from projections.reports.due_schedules import Hour

MOST_CHANGED: Final = 10_000  # orders; beyond it all orders are looked at


@dataclass(frozen=True, slots=True)
class Reached:
    """How far it is known where orders stand."""

    build: int
    position: int  # everything up to here has been taken


def find_reached(cursor: Cursor[Any]) -> Reached | None:
    """Say how far it is known; None: not of every order, as some are parked."""
    row = cursor.execute(_REACHED).fetchone()
    return Reached(*row) if row else None


def find_asked(cursor: Cursor[Any], hours: Sequence[Hour]) -> int | None:
    """Give the position up to which every order has been told of all these hours; None: one of them
    is new, or orders may stand elsewhere than was thought."""
    row = cursor.execute(_ASKED, {"hours": _told(hours), "number": len(hours)}).fetchone()
    return row[0] if row else None


def changed_since(cursor: Cursor[Any], position: int) -> list[UUID] | None:
    """Name the orders to which something has happened behind a position; None: too many."""
    found = cursor.execute(_CHANGED, [position, MOST_CHANGED + 1]).fetchall()
    return [order_id for (order_id,) in found] if len(found) <= MOST_CHANGED else None


def remember_asked(cursor: Cursor[Any], hours: Sequence[Hour], reached: Reached) -> None:
    """Note that every order was told of these hours, and forget all others."""
    cursor.execute(_REMEMBER, {"hours": _told(hours), **asdict(reached)})


def _told(hours: Sequence[Hour]) -> str:
    return to_json([asdict(hour) for hour in hours]).decode()


_REACHED: Final = """
    select b.build, coalesce(
        min(p.next_position) - 1, (select max(e.position) from log.events e), 0)
    from projection.builds b join projection.progress p using (projection, build)
    where b.projection = 'status_visits' and b.state = 'live'
      and not exists (select from projection.parked stuck where stuck.build = b.build)
    group by b.build having not bool_or(p.replaced)
"""

_ASKED: Final = """
    select min(a.position)
    from jsonb_to_recordset(%(hours)s::jsonb) as h(rule text, due_at timestamptz, rule_version int)
    join ops.asked_hours a using (rule, due_at, rule_version)
    join projection.builds b
      on b.build = a.build and b.projection = 'status_visits' and b.state = 'live'
    having count(*) = %(number)s
"""

_CHANGED: Final = """
    select distinct substr(stream_id, 7)::uuid from log.events
    where position > %s and stream_id like 'order-%%' limit %s
"""

_REMEMBER: Final = """
    with told as (
        select rule, due_at, rule_version from jsonb_to_recordset(%(hours)s::jsonb)
            as h(rule text, due_at timestamptz, rule_version int)
    ), forgotten as (
        delete from ops.asked_hours a
        where not exists (select from told where (told.rule, told.due_at) = (a.rule, a.due_at))
    )
    insert into ops.asked_hours (rule, due_at, rule_version, build, position)
    select rule, due_at, rule_version, %(build)s, %(position)s from told
    order by rule, due_at
    on conflict (rule, due_at) do update set
        rule_version = excluded.rule_version, build = excluded.build, position = excluded.position
"""
