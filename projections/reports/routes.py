"""Question: which ways did orders take through their path?"""

from typing import Final, LiteralString, TypedDict

from projections.reports.scope import Reader, Scope, checked_limit, rounded, visits_of

MOST_LISTED: Final = 10_000


class Route(TypedDict):
    """One row of statuses, and how many orders took exactly it."""

    path: str
    route: list[str]
    orders: int
    finished: int  # of these, orders that ended
    mean_seconds: float | None  # from the first to the latest entry


def count_routes(reader: Reader, scope: Scope, limit: int = MOST_LISTED) -> list[Route]:
    """List the routes, the most frequent first.

    Shape:  0..limit rows; orders of all rows add up to all orders if there are fewer than limit.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    parameters = {**scope.parameters, "limit": checked_limit(limit, MOST_LISTED)}
    rows = reader.execute(visits_of(scope) + _QUESTION, parameters)
    return [
        {
            "path": row["path"],
            "route": row["route"],
            "orders": row["orders"],
            "finished": row["finished"],
            "mean_seconds": rounded(row["mean"]),
        }
        for row in rows
    ]


_QUESTION: Final[LiteralString] = """
    , taken as (
        select order_id, path, array_agg(status order by visit_no) as route,
               bool_or(is_current and final is not null) as finished,
               extract(epoch from max(entered_at) - min(entered_at))::double precision as seconds
        from visits group by order_id, path
    )
    select path, route, count(*) as orders, count(*) filter (where finished) as finished,
           avg(seconds) as mean
    from taken group by path, route order by orders desc, path, route limit %(limit)s
"""
