"""Question: which orders are open, and which of them has everybody forgotten?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString, TypedDict, cast
from uuid import UUID

from domain.paths.durations import format_duration
from projections.reports.scope import Reader, Scope, checked_limit

ALWAYS_COUNTED: Final = tuple(timedelta(days=days) for days in (7, 30, 60, 90))
MOST_LISTED: Final = 100_000


class StaleOrder(TypedDict):
    """An order that is not finished."""

    order_id: UUID
    external_id: str | None
    path: str
    stage: str | None
    status: str
    last_at: datetime  # its latest status event
    due_at: datetime | None
    overdue: bool
    owner_user: str | None
    owner_group: str | None
    total_minor: int
    currency: str | None


class Stale(TypedDict):
    """Open orders, counted by how long they have been silent."""

    as_of: datetime | None  # null: now
    open: int
    silent: dict[str, int]  # duration -> orders that were silent for longer than it
    overdue: int  # beyond the time limit of their status
    orders: list[StaleOrder]  # the longest silent first


def list_stale(
    reader: Reader,
    scope: Scope,
    *,
    silent_for: timedelta = ALWAYS_COUNTED[0],
    overdue: bool = False,
    limit: int = MOST_LISTED,
) -> Stale:
    """Count open orders by silence, list those that are silent (or overdue) for too long.

    Open:   the last status event up to and including the moment is not final.
    Silent: strictly longer than the duration since that event.
    Shape:  orders: 0..limit rows, the longest silent first, ties by order_id.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    counted = sorted({*ALWAYS_COUNTED, silent_for})
    seconds = [duration.total_seconds() for duration in counted]
    source = _THEN if scope.is_past else _NOW
    parameters: dict[str, Any] = {
        **scope.parameters,
        "seconds": seconds,
        "silent_for": silent_for.total_seconds(),
        "overdue": overdue,
        "limit": checked_limit(limit, MOST_LISTED),
    }
    rows = reader.execute(source + _QUESTION, parameters).fetchall()
    still_open, all_overdue, *silent = rows[0]["counts"]
    return {
        "as_of": scope.as_of,
        "open": still_open,
        "silent": _silent(counted, silent),
        "overdue": all_overdue,
        "orders": [_order(row) for row in rows if row["order_id"] is not None],
    }


def _silent(counted: Sequence[timedelta], numbers: Sequence[int]) -> dict[str, int]:
    return {format_duration(d): n for d, n in zip(counted, numbers, strict=True)}


def _order(row: dict[str, Any]) -> StaleOrder:
    """Take a row of the list as it is: there may be 100,000."""
    del row["counts"]
    return cast(StaleOrder, row)


_NOW: Final[LiteralString] = """
    with stale as (
        select * from stale_orders s
        where %(path)s::text is null or s.path = %(path)s)
"""

_THEN: Final[LiteralString] = """
    with stale as (
        select * from stale_orders_at(coalesce(%(as_of)s::timestamptz, now()),
            coalesce(%(as_known)s::timestamptz, 'infinity'), %(timed_only)s) s
        where %(path)s::text is null or s.path = %(path)s)
"""

# Counting needs nothing but where the orders stand; what else there is to say is found for the
# listed ones only. The counts are in the first row, beside the first of the list or alone.
_QUESTION: Final[LiteralString] = """
    , found as materialized (
        select order_id, path, stage, status, last_at, silent_seconds, due_at, overdue from stale
    ), counted as (
        select array[(select count(*) from found), (select count(*) from found where overdue)]
            || array(select (select count(*) from found where silent_seconds > wanted.seconds)
                     from unnest(%(seconds)s::double precision[]) with ordinality
                          as wanted(seconds, no) order by no) as counts
    ), listed as (
        select *, row_number() over (order by last_at, order_id) as no from found
        where case when %(overdue)s then overdue else silent_seconds > %(silent_for)s end
        order by no limit %(limit)s
    )
    select case when no > 1 then null else counts end as counts,
           order_id, o.external_id, listed.path, listed.stage, listed.status, last_at,
           listed.due_at, listed.overdue, o.owner_user, o.owner_group,
           coalesce(o.total_minor, 0) as total_minor, o.currency
    from counted left join listed on true left join orders o using (order_id)
    order by no
"""
