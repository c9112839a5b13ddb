"""Question: how did the shop do in one period, and in another?"""

from datetime import datetime
from typing import Final, LiteralString, NamedTuple, TypedDict

from psycopg.rows import DictRow

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
    return [
        _compared(period, row)
        for period in (one, other)
        for row in reader.execute(_QUESTION, {**period._asdict(), "path": path}).fetchall()
    ]


def _compared(period: Period, row: DictRow) -> Compared:
    return {
        "from": period.start,
        "to": period.end,
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
    with ours as materialized (
        select order_id, path, currency, total_minor, placed_at,
               case when final = 'success' then status_since end as won_at
        from orders where not test
    ), known as (
        select currency,
               count(*) filter (where placed_at >= %(start)s and placed_at < %(end)s) as placed,
               count(*) filter (where won_at >= %(start)s and won_at < %(end)s) as won,
               coalesce(sum(total_minor) filter (
                   where won_at >= %(start)s and won_at < %(end)s), 0)::bigint as revenue_minor
        from ours where %(path)s::text is null or path = %(path)s group by currency
    ), stays as materialized (
        select operator, role, order_id, handling_seconds
        from handled_stays
        where handed_on_at >= %(start)s and handed_on_at < %(end)s
          and (%(path)s::text is null or path = %(path)s)
    ), jobs as (
        select distinct on (operator) operator, role
        from (select operator, role, count(*) as stays from stays group by operator, role) done
        order by operator, stays desc, role
    ), worked as (
        select o.currency, j.role, count(distinct s.operator) as people,
               count(distinct s.order_id) as orders, count(s.handling_seconds) as handled,
               avg(s.handling_seconds) as mean,
               percentile_cont(0.5) within group (order by s.handling_seconds) as median
        from stays s
        join jobs j on j.operator = s.operator
        join ours o on o.order_id = s.order_id
        group by o.currency, j.role
    )
    select coalesce(k.currency, w.currency) as currency, coalesce(k.placed, 0) as placed,
           coalesce(k.won, 0) as won, coalesce(k.revenue_minor, 0) as revenue_minor, w.role,
           coalesce(w.people, 0) as people, coalesce(w.orders, 0) as orders,
           coalesce(w.handled, 0) as handled, w.mean, w.median
    from known k full join worked w on coalesce(w.currency, '') = coalesce(k.currency, '')
    where k.placed > 0 or k.won > 0 or w.people > 0
    order by 1, w.role
"""
