"""Question: what did each person do in some days: calls, upselling, orders moved on?"""

from datetime import date
from typing import Final, LiteralString, TypedDict, cast

from projections.reports.scope import Reader, rounded


class Operator(TypedDict):
    """One person, on orders in one currency."""

    operator: str
    currency: str | None
    days: int  # on which anything was done
    calls: int
    dialled: int  # of them, calls that we made
    reached: int  # of these, calls in which the customer was reached
    dial_success: float | None  # reached by dialled, 0 to 1; null: none was made
    talk_seconds: int
    upsells: int
    upsell_minor: int
    orders_handled: int  # moved on, each counted once a day
    handled: int  # stays that were taken up and moved on
    mean_handling_seconds: float | None


def measure_operators(
    reader: Reader, start: date | None = None, end: date | None = None
) -> list[Operator]:
    """Sum the figures of all days from start to end (UTC, both inclusive; None: without limit)."""
    rows = reader.execute(_QUESTION, {"start": start, "end": end}).fetchall()
    for row in rows:
        row["mean_handling_seconds"] = rounded(row["mean_handling_seconds"])
    return [cast(Operator, row) for row in rows]


# Materialized: PostgreSQL takes any range of days for a narrow one, and asks for each order alone.
_QUESTION: Final[LiteralString] = """
    with figures as materialized (select * from operator_figures)
    select operator, currency, count(*) as days, sum(calls)::bigint as calls,
           sum(dialled)::bigint as dialled, sum(reached)::bigint as reached,
           sum(reached)::double precision / nullif(sum(dialled), 0) as dial_success,
           sum(talk_seconds)::bigint as talk_seconds, sum(upsells)::bigint as upsells,
           sum(upsell_minor)::bigint as upsell_minor,
           sum(orders_handled)::bigint as orders_handled, sum(handled)::bigint as handled,
           sum(handling_seconds) / nullif(sum(handled), 0) as mean_handling_seconds
    from figures
    where day between coalesce(%(start)s::date, '-infinity') and coalesce(%(end)s::date, 'infinity')
    group by operator, currency order by operator, currency
"""
