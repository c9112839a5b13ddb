"""Questions: where are the orders, how do they flow, how far did the orders of each month come?"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, LiteralString, TypedDict

from psycopg.rows import DictRow

from projections.reports.scope import Reader, Scope, visits_of

Places = Mapping[tuple[str, str], int]  # (path, status) -> its place in the path
_LAST: Final = 1_000_000  # for a status that the path of today does not have


class Stage(TypedDict):
    """The orders that are in one status, in one currency."""

    path: str
    stage: str | None
    status: str
    final: str | None  # success, failure, or null while the order is open
    orders: int
    total_minor: int  # what these orders cost today
    currency: str | None
    reached: int  # different orders of the path that were ever in the status, in any currency


class Funnel(TypedDict):
    """Where all orders are."""

    as_of: datetime | None  # null: now
    stages: list[Stage]
    open: int  # orders that are not in a final status
    reached: dict[str, int]  # status -> different orders that were ever in it


class Day(TypedDict):
    """What entered and left one status on one day (UTC)."""

    day: date
    path: str
    stage: str | None
    status: str
    entered: int
    left: int
    now: int  # orders in it at the end of that day


class Flow(TypedDict):
    """How orders flow, day by day."""

    as_of: datetime | None
    days: list[Day]


class Cohort(TypedDict):
    """The orders that were placed in one month (UTC)."""

    path: str
    month: str  # 2018-06
    orders: int
    reached: dict[str, int]


class Cohorts(TypedDict):
    """How far the orders of each month came."""

    as_of: datetime | None
    cohorts: list[Cohort]


def count_funnel(reader: Reader, scope: Scope, places: Places) -> Funnel:
    """Count the orders of each status, in the order of the path."""
    if scope.is_past:
        rows = reader.execute(visits_of(scope) + _STANDING, scope.parameters).fetchall()
    else:
        rows = reader.execute(_STANDING_NOW, scope.parameters).fetchall()
    reached = _reached(reader, scope, places)
    stages = [_stage(row, reached) for row in sorted(rows, key=_by_place(places))]
    everywhere: Counter[str] = Counter()
    for (_, status), orders in reached.items():
        everywhere[status] += orders
    return {
        "as_of": scope.as_of,
        "stages": stages,
        "open": sum(stage["orders"] for stage in stages if stage["final"] is None),
        "reached": dict(everywhere),
    }


def count_flow(reader: Reader, scope: Scope, places: Places) -> Flow:
    """Count what entered and left each status on each day on which something moved."""
    rows = reader.execute(visits_of(scope) + _FLOW, scope.parameters).fetchall()
    by_place = _by_place(places)
    days: list[Day] = [
        {
            "day": row["day"],
            "path": row["path"],
            "stage": row["stage"],
            "status": row["status"],
            "entered": row["entered"],
            "left": row["leaving"],
            "now": row["standing"],
        }
        for row in sorted(rows, key=lambda row: (row["day"], *by_place(row)))
    ]
    return {"as_of": scope.as_of, "days": days}


def count_cohorts(reader: Reader, scope: Scope, places: Places) -> Cohorts:
    """Count, for the orders of each month, how many ever reached each status."""
    rows = reader.execute(visits_of(scope) + _COHORT, scope.parameters).fetchall()
    by_place = _by_place(places)
    cohorts: dict[tuple[str, str], Cohort] = {}
    for row in sorted(rows, key=lambda row: (row["path"], row["month"], *by_place(row))):
        cohort = cohorts.setdefault(
            (row["path"], row["month"]),
            {"path": row["path"], "month": row["month"], "orders": row["orders"], "reached": {}},
        )
        cohort["reached"][row["status"]] = row["reached"]
    return {"as_of": scope.as_of, "cohorts": list(cohorts.values())}


def _reached(reader: Reader, scope: Scope, places: Places) -> dict[tuple[str, str], int]:
    """Count by path and status, in the order of the paths."""
    rows = reader.execute(visits_of(scope) + _REACHED, scope.parameters).fetchall()
    return {
        (row["path"], row["status"]): row["orders"] for row in sorted(rows, key=_by_place(places))
    }


def _stage(row: DictRow, reached: Mapping[tuple[str, str], int]) -> Stage:
    return {
        "path": row["path"],
        "stage": row["stage"],
        "status": row["status"],
        "final": row["final"],
        "orders": row["orders"],
        "total_minor": row["total_minor"],
        "currency": row["currency"],
        "reached": reached.get((row["path"], row["status"]), 0),
    }


def _by_place(places: Places) -> Any:
    def key(row: DictRow) -> tuple[str, int, str, str]:
        place = places.get((row["path"], row["status"]), _LAST)
        return (row["path"], place, row["status"], row.get("currency") or "")

    return key


_STANDING_NOW: Final[LiteralString] = """
    select path, stage, status, final, currency, orders, total_minor
    from funnel_now where %(path)s::text is null or path = %(path)s
"""

_STANDING: Final[LiteralString] = """
    select v.path, v.stage, v.status, v.final, o.currency, count(*) as orders,
           coalesce(sum(o.total_minor), 0)::bigint as total_minor
    from visits v left join orders o using (order_id)
    where v.is_current group by v.path, v.stage, v.status, v.final, o.currency
"""

_REACHED: Final[LiteralString] = """
    select path, status, count(*) as orders from visits
    where status_visit_no = 1 group by path, status
"""

_FLOW: Final[LiteralString] = """
    , moves as (
        select path, stage, status, (entered_at at time zone 'UTC')::date as day,
               count(*) as entered, 0 as leaving
        from visits group by 1, 2, 3, 4
        union all
        select path, stage, status, (left_at at time zone 'UTC')::date, 0, count(*)
        from visits where left_at is not null group by 1, 2, 3, 4
    ), days as (
        select path, stage, status, day, sum(entered)::bigint as entered,
               sum(leaving)::bigint as leaving
        from moves group by path, stage, status, day
    )
    select *, sum(entered - leaving) over (
        partition by path, stage, status order by day)::bigint as standing
    from days
"""

_COHORT: Final[LiteralString] = """
    , begun as (
        select v.order_id, v.path, to_char(coalesce(o.placed_at, min(v.entered_at))
               at time zone 'UTC', 'YYYY-MM') as month
        from visits v left join orders o using (order_id)
        group by v.order_id, v.path, o.placed_at
    ), reached as (
        select begun.path, month, status, count(*) as reached
        from begun join visits v using (order_id)
        where v.status_visit_no = 1 group by begun.path, month, status
    ), sizes as (select path, month, count(*) as orders from begun group by path, month)
    select path, month, status, orders, reached from reached join sizes using (path, month)
"""
