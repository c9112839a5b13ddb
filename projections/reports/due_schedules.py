"""Questions: which rules look at fixed hours, and for which orders has such an hour come? Test
orders too, so it asks the tables, not the views.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Cursor
from pydantic_core import to_json

from projections.reports.due import IN_PARTS, Ask


@dataclass(frozen=True, slots=True)
class ScheduledRule:
    """Fixed hours of the latest version of a rule that is not off."""

    rule: str
    rule_version: int
    on: Any  # the trigger, as published; what is damaged is whatever stands there, None if nothing
    since: datetime  # the first of the versions up to this one, none of them off, that all have it


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour that has come for a rule."""

    due_at: datetime
    rule: str
    rule_version: int
    statuses: tuple[str, ...]  # of the orders that it has come for


@dataclass(frozen=True, slots=True)
class DueHour:
    """An hour that has come for an order, and of which nobody said so."""

    due_at: datetime
    order_id: UUID
    rule: str
    rule_version: int


def list_scheduled_rules(cursor: Cursor[Any]) -> list[ScheduledRule]:
    """List them by rule, in the order of its triggers; triggers that are no objects, or of which a
    rule has no list, may have been fixed hours and are listed, too.
    """
    return [ScheduledRule(*row) for row in cursor.execute(_RULES)]


def read_calendars(cursor: Cursor[Any], names: Iterable[str]) -> dict[str, str]:
    """Give the latest version of each calendar as JSON text; what is not published is missing."""
    return dict(cursor.execute(_CALENDARS, [list(names)]).fetchall())


def list_due_hours(
    cursor: Cursor[Any], ask: Ask, hours: Sequence[Hour], among: Sequence[UUID] | None = None
) -> list[DueHour]:
    """List the orders that were in the statuses at the hour and still are, in due order; none of
    which only an import had told by then.

    among: only these orders
    """
    given = to_json([asdict(hour) for hour in hours]).decode()
    wanted = {**ask.parameters, "hours": given, "among": among}
    question = _ORDERS if among is None else _ORDERS_AMONG
    return [DueHour(*row) for row in cursor.execute(question, wanted)]


_RULES: Final[LiteralString] = """
    with latest as (
        select distinct on (name) name, version, body -> 'definition' as rule
        from log.definitions where kind = 'rule' order by name, version desc
    ), scheduled as (
        select l.name, l.version, t.said, t.number
        from latest l left join lateral jsonb_array_elements(
            case when json_typeof(l.rule -> 'on') = 'array' then (l.rule -> 'on')::jsonb end
        ) with ordinality t(said, number) on true
        where (t.said is null or jsonb_typeof(t.said) <> 'object' or t.said ? 'schedule')
          and l.rule ->> 'mode' is distinct from 'off'
    )
    select s.name, s.version, s.said, e.occurred_at
    from scheduled s cross join lateral (
        select least(coalesce(max(d.version), 0) + 1, s.version) as version from log.definitions d
        where d.kind = 'rule' and d.name = s.name and (
            d.body -> 'definition' ->> 'mode' = 'off'
            or s.said <> all(array(select jsonb_array_elements(
                case when json_typeof(d.body -> 'definition' -> 'on') = 'array'
                    then (d.body -> 'definition' -> 'on')::jsonb end))))
    ) since
    join log.events e on e.stream_id = 'rule-' || s.name and e.version = since.version
    order by s.name, s.number
"""
_CALENDARS: Final[LiteralString] = """
    select distinct on (name) name, (body -> 'definition')::text from log.definitions
    where kind = 'calendar' and name = any(%s) order by name, version desc
"""
# What was told is counted order by order: `not exists` would be planned as a join with all that was
# ever told of any hour. Whether anybody but an import had told of the order is looked up likewise.
# A timer may be damaged. Names of rules are ASCII, so its bytes are taken as LATIN1, which has all
# but zero. What tells of no hour leaves its hour untold, and whoever tells it finds the damage.
_STANDING: Final[LiteralString] = f"""
    select h.due_at, s.order_id, h.rule, h.rule_version
    from jsonb_to_recordset(%(hours)s::jsonb)
        as h(due_at timestamptz, rule text, rule_version int, statuses text[])
    join live.standings s on s.status = any(h.statuses) and s.entered_at <= h.due_at
    where {IN_PARTS}
      and (h.due_at, s.order_id, h.rule) > (%(due_at)s, %(order_id)s::uuid, %(which)s::text)
      and 0 = (
        select count(*) from log.events e
        cross join lateral (
            select case when position('\\x00'::bytea in e.payload) = 0
                then convert_from(e.payload, 'LATIN1') end) as read(payload)
        cross join lateral (
            select case when pg_input_is_valid(read.payload, 'jsonb')
                then read.payload::jsonb end) as told(said)
        cross join lateral (
            select case when pg_input_is_valid(told.said ->> 'due_at', 'timestamptz')
                then (told.said ->> 'due_at')::timestamptz end) as came(due_at)
        where e.stream_id = 'timer-' || s.order_id and e.type = 'timer.fired.v1'
          and told.said ->> 'why' = 'schedule' and told.said ->> 'rule' = h.rule
          and came.due_at = h.due_at)
      and (
        select true from log.events e
        where e.stream_id = 'order-' || s.order_id and e.actor_kind <> 'import'
          and e.occurred_at <= h.due_at limit 1)
"""  # noqa: S608 - constants
_IN_DUE_ORDER: Final = " order by h.due_at, s.order_id, h.rule limit %(limit)s"
_ORDERS: Final = _STANDING + _IN_DUE_ORDER
_ORDERS_AMONG: Final = f"{_STANDING} and s.order_id = any(%(among)s) {_IN_DUE_ORDER}"
