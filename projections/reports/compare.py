"""Question: how did the shop do in one period, and in another?"""

from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple, TypedDict

from projections.reports.scope import Reader, rounded


class Period(NamedTuple):
    """From a moment up to another, which is no part of it."""

    start: datetime
    end: datetime


class Handled(TypedDict):
    """Time in hand; null where nothing was handled."""

    mean: float | None
    median: float | None

# What one role did in one period, beside what the whole shop did; orders in one currency. Everybody
# counts in one role: the one in whose statuses they ended most stays. So a packer who takes orders
# over from managers is no manager.
Compared = TypedDict(
    "Compared",
    {
        "from": datetime,
        "to": datetime,
        "currency": str | None,
        "placed": int,  # orders of the whole shop
        "won": int,  # that ended with success in the period
        "revenue_minor": int,  # what those cost
        "role": str | None,  # a group, or else a person; null: nobody moved anything on
        "people": int,  # that moved orders on
        "orders": int,  # that they moved on, each counted once
        "orders_per_person": float | None,
        "handled": int,  # stays that were taken up and moved on
        "seconds": Handled,  # from taken up to handed on
    },
)


def compare_periods(
    reader: Reader, one: Period, other: Period, path: str | None = None
) -> list[Compared]:
    """Measure two periods, which may overlap, on all paths or on one.

    Shape: by period, currency and role; a period in which nothing happened has no row.
    """
    parameters = {"path": path, "starts": [one.start, other.start], "ends": [one.end, other.end]}
    return [_compared(row) for row in reader.execute(_QUESTION, parameters)]


def _compared(row: dict[str, Any]) -> Compared:
    return {
        "from": row["starts_at"],
        "to": row["ends_at"],
        "currency": row["currency"],
        "placed": row["placed"],
        "won": row["won"],
        "revenue_minor": row["revenue_minor"],
        "role": row["role"],
        "people": row["people"],
        "orders": row["orders"],
        "orders_per_person": row["orders"] / row["people"] if row["people"] else None,
        "handled": row["handled"],
        "seconds": {"mean": rounded(row["mean"]), "median": rounded(row["median"])},
    }


_QUESTION: Final[LiteralString] = """
    with periods as (
        select * from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[])
            with ordinality as p(starts_at, ends_at, period)
    ), placed as (
        select p.period, t.currency, count(*) as placed
        from periods p
        join analytics.orders t on t.placed_at >= p.starts_at and t.placed_at < p.ends_at
        where not t.test and (%(path)s::text is null or t.path = %(path)s)
        group by p.period, t.currency
    ), won as (
        select p.period, t.currency, count(*) as won,
               coalesce(sum(t.total_minor), 0)::bigint as revenue_minor
        from periods p
        join analytics.orders t on t.status_since >= p.starts_at and t.status_since < p.ends_at
        where t.final = 'success' and not t.test and (%(path)s::text is null or t.path = %(path)s)
        group by p.period, t.currency
    ), stays as materialized (
        select p.period, h.operator, h.role, h.order_id, h.handling_seconds
        from periods p
        join analytics.handled_stays h
          on h.handed_on_at >= p.starts_at and h.handed_on_at < p.ends_at
        where %(path)s::text is null or h.path = %(path)s
    ), jobs as (
        select distinct on (period, operator) period, operator, role
        from (select period, operator, role, count(*) as stays from stays group by 1, 2, 3) done
        order by period, operator, stays desc, role
    ), worked as (
        select s.period, t.currency, j.role, count(distinct s.operator) as people,
               count(distinct s.order_id) as orders, count(s.handling_seconds) as handled,
               avg(s.handling_seconds) as mean,
               percentile_cont(0.5) within group (order by s.handling_seconds) as median
        from stays s
        join jobs j on j.period = s.period and j.operator = s.operator
        join analytics.orders t on t.order_id = s.order_id
        group by s.period, t.currency, j.role
    ), known as (
        select period, currency from placed
        union select period, currency from won
        union select period, currency from worked
    )
    select p.starts_at, p.ends_at, k.currency, coalesce(placed.placed, 0) as placed,
           coalesce(won.won, 0) as won, coalesce(won.revenue_minor, 0) as revenue_minor,
           worked.role, coalesce(worked.people, 0) as people, coalesce(worked.orders, 0) as orders,
           coalesce(worked.handled, 0) as handled, worked.mean, worked.median
    from known k
    join periods p on p.period = k.period
    left join placed on placed.period = k.period and placed.currency is not distinct from k.currency
    left join won on won.period = k.period and won.currency is not distinct from k.currency
    left join worked
      on worked.period = k.period and worked.currency is not distinct from k.currency
    order by k.period, k.currency, worked.role
"""
