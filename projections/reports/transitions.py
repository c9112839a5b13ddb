"""Question: which moves did orders really make, and how long did they wait before each?"""

from typing import Final, LiteralString, TypedDict

from projections.reports.scope import Reader, Scope, Spread, spread, visits_of

Transition = TypedDict(
    "Transition",
    {"from": str, "to": str, "count": int, "orders": int, "nonconforming": int, "seconds": Spread},
)


def transitions(reader: Reader, scope: Scope) -> list[Transition]:
    """Count each pair of consecutive status events of an order, the most frequent first.

    Shape: one row per pair; orders: that made it at least once; nonconforming: of count, moves
           that the order's path does not allow.
    Units: seconds between the two events.
    """
    rows = reader.execute(visits_of(scope) + _QUESTION, scope.parameters)
    return [
        {
            "from": row["from_status"],
            "to": row["to_status"],
            "count": row["moves"],
            "orders": row["orders"],
            "nonconforming": row["nonconforming"],
            "seconds": spread(row),
        }
        for row in rows
    ]


_QUESTION: Final[LiteralString] = """
    , moves as (
        select order_id, status as from_status, next_status as to_status, seconds,
               lead(conforming) over (partition by order_id order by visit_no) as conforming
        from visits
    )
    select from_status, to_status, count(*) as moves, count(distinct order_id) as orders,
           count(*) filter (where not conforming) as nonconforming,
           avg(seconds) as mean,
           percentile_cont(0.5) within group (order by seconds) as median,
           percentile_cont(0.9) within group (order by seconds) as p90,
           min(seconds) as min, max(seconds) as max
    from moves where to_status is not null
    group by from_status, to_status
    order by moves desc, from_status, to_status
"""
