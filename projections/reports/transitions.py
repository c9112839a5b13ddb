"""Questions: which moves did orders really make, how long before each, and where do they begin?"""

from typing import Final, LiteralString, TypedDict

from projections.reports.scope import Reader, Scope, Spread, spread, visits_of

Transition = TypedDict(
    "Transition",
    {"from": str, "to": str, "count": int, "nonconforming": int, "seconds": Spread},
)


def count_transitions(reader: Reader, scope: Scope) -> list[Transition]:
    """Count each pair of consecutive status events of an order, the most frequent first.

    Shape: one row per pair; nonconforming: of count, moves that the order's path does not allow.
    Units: seconds between the two events.
    """
    rows = reader.execute(visits_of(scope) + _QUESTION, scope.parameters)
    return [
        {
            "from": row["from_status"],
            "to": row["to_status"],
            "count": row["moves"],
            "nonconforming": row["nonconforming"],
            "seconds": spread(row),
        }
        for row in rows
    ]


def count_starts(reader: Reader, scope: Scope) -> dict[str, int]:
    """Count the orders that began in each status, the most frequent first."""
    rows = reader.execute(visits_of(scope) + _STARTS, scope.parameters)
    return {row["status"]: row["orders"] for row in rows}


# Arrays first, as in projections.reports.times.
_QUESTION: Final[LiteralString] = """
    , collected as (
        select previous_status as from_status, status as to_status, count(*) as moves,
               count(*) filter (where not conforming) as nonconforming,
               array_agg(previous_seconds) as durations
        from visits where previous_status is not null
        group by previous_status, status
    )
    select from_status, to_status, moves, nonconforming, mean, parts
    from collected
    cross join lateral (
        select avg(s) as mean,
               percentile_cont(array[0, 0.5, 0.9, 1]) within group (order by s) as parts
        from unnest(durations) as s
    ) spread
    order by moves desc, from_status, to_status
"""

_STARTS: Final[LiteralString] = """
    select status, count(*) as orders from visits
    where visit_no = 1 group by status order by orders desc, status
"""
