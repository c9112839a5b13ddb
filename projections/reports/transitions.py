"""Question: which moves did orders really make, and how long did they wait before each?"""

from typing import Final, LiteralString, TypedDict

from projections.reports.scope import Reader, Scope, Spread, spread, visits_of

Transition = TypedDict(
    "Transition",
    {"from": str, "to": str, "count": int, "nonconforming": int, "seconds": Spread},
)


def transitions(reader: Reader, scope: Scope) -> list[Transition]:
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


_QUESTION: Final[LiteralString] = """
    select previous_status as from_status, status as to_status, count(*) as moves,
           count(*) filter (where not conforming) as nonconforming,
           avg(previous_seconds) as mean,
           percentile_cont(array[0, 0.5, 0.9, 1]) within group (order by previous_seconds) as parts
    from visits where previous_status is not null
    group by previous_status, status
    order by moves desc, from_status, to_status
"""
