"""Question: how long do orders take from one status to another?"""

from typing import Final, LiteralString, TypedDict

from projections.reports.scope import Reader, Scope, Spread, spread, visits_of

Conversion = TypedDict(
    "Conversion", {"from": str, "to": str, "orders": int, "seconds": Spread}
)  # fmt: skip


def measure_conversion(reader: Reader, scope: Scope, start: str, end: str) -> Conversion:
    """Measure from the first entry of one status to the first entry of the other.

    Shape: orders that reached both count once, also where the second came before the first
           (then their seconds are negative); percentiles are interpolated linearly.
    Units: seconds by the wall clock.
    """
    parameters = {**scope.parameters, "start": start, "end": end}
    row = reader.execute(visits_of(scope) + _QUESTION, parameters).fetchone()
    assert row is not None
    return {"from": start, "to": end, "orders": row["orders"], "seconds": spread(row)}


_QUESTION: Final[LiteralString] = """
    , firsts as (
        select min(entered_at) filter (where status = %(start)s) as started_at,
               min(entered_at) filter (where status = %(end)s) as ended_at
        from visits where status in (%(start)s, %(end)s) and status_visit_no = 1
        group by order_id
    ), durations as (
        select extract(epoch from ended_at - started_at)::double precision as seconds
        from firsts where started_at is not null and ended_at is not null
    )
    select count(*) as orders, avg(seconds) as mean,
           percentile_cont(array[0, 0.5, 0.9, 1]) within group (order by seconds) as parts
    from durations
"""
