"""Questions: how long do orders stay in each status, and how long does somebody work on them?"""

from typing import Any, Final, LiteralString, TypedDict

from psycopg.rows import DictRow

from projections.reports.scope import Reader, Scope, rounded, visits_of


class Percentiles(TypedDict):
    """Durations in seconds to the millisecond; all null where there are none."""

    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    min: float | None
    max: float | None


class TimeInStatus(TypedDict):
    """The stays in one status of one path."""

    path: str
    stage: str | None
    status: str
    visits: int  # that have ended
    open: int  # that last still
    seconds: Percentiles


class Handling(TypedDict):
    """The work in one status; of one holder, or (both null) of everybody."""

    path: str
    stage: str | None
    status: str
    holder_user: str | None
    holder_group: str | None
    visits: int  # that were taken up and have ended
    seconds: Percentiles


def measure_time_in_status(reader: Reader, scope: Scope) -> list[TimeInStatus]:
    """Measure the stays in each status from entering to leaving it, by path and status."""
    rows = reader.execute(visits_of(scope) + _STAYS + _SPREAD, scope.parameters)
    return [
        {
            "path": row["path"],
            "stage": row["stage"],
            "status": row["status"],
            "visits": row["visits"],
            "open": row["still_open"],
            "seconds": _percentiles(row),
        }
        for row in rows
    ]


def measure_handling(reader: Reader, scope: Scope, *, by_holder: bool = False) -> list[Handling]:
    """Measure from taking an order up to handing it on, within each stay; to the second.

    Shape: one row per path and status, with by_holder also per owner at entry. Stays that
           nobody took up, or that last still, are not in it.
    """
    parameters: dict[str, Any] = {**scope.parameters, "by_holder": by_holder}
    rows = reader.execute(visits_of(scope) + _HANDLING + _SPREAD, parameters)
    return [
        {
            "path": row["path"],
            "stage": row["stage"],
            "status": row["status"],
            "holder_user": row["holder_user"],
            "holder_group": row["holder_group"],
            "visits": row["visits"],
            "seconds": _percentiles(row),
        }
        for row in rows
    ]


def _percentiles(row: DictRow) -> Percentiles:
    least, p50, p90, p99, most = map(rounded, row["parts"] or [None] * 5)
    return {
        "mean": rounded(row["mean"]),
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "min": least,
        "max": most,
    }


_STAYS: Final[LiteralString] = """
    , measured as (
        select path, stage, status, null as holder_user, null as holder_group, seconds, is_current
        from visits
    )
"""

_HANDLING: Final[LiteralString] = """
    , measured as (
        select path, stage, status, handling_seconds as seconds, is_current,
               case when %(by_holder)s then holder_user end as holder_user,
               case when %(by_holder)s then holder_group end as holder_group
        from visits where taken_up_at is not null and left_at is not null
    )
"""

# Groups that are hashed into arrays leave only numbers to sort. percentile_cont in the grouping
# itself makes PostgreSQL sort all rows by the names of the groups first, on disk.
# Limit: 67 million stays in one group.
_SPREAD: Final[LiteralString] = """
    , collected as (
        select path, stage, status, holder_user, holder_group, array_agg(seconds) as durations,
               count(*) filter (where is_current) as still_open
        from measured group by path, stage, status, holder_user, holder_group
    )
    select path, stage, status, holder_user, holder_group, still_open, visits, mean, parts
    from collected
    cross join lateral (
        select count(s) as visits, avg(s) as mean,
               percentile_cont(array[0, 0.5, 0.9, 0.99, 1]) within group (order by s) as parts
        from unnest(durations) as s
    ) spread
    order by path, stage, status, holder_user nulls first, holder_group nulls first
"""
