"""Question: which articles are asked for, how much do they bring, and how evenly?"""

from datetime import datetime
from typing import Final, LiteralString, TypedDict, cast

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class Demand(TypedDict):
    """One article in one currency."""

    sku: str
    title: str
    currency: str | None
    orders: int
    ordered: int  # pieces that were asked for, whatever became of them
    upsold: int  # of them, pieces that we added unasked
    sold: int  # pieces that are charged, in orders that have not failed
    net_minor: int  # what these cost
    share: float | None  # of the revenue in this currency, 0 to 1
    abc: str  # A makes the first 80 % of the revenue, B the next 15 %, C the rest
    weekly_mean: float | None  # pieces
    variation: float | None  # standard deviation by mean, week by week
    xyz: str | None  # X varies by less than 0.5, Y by less than 1; null: fewer than four weeks
    last_ordered_at: datetime | None


def list_demand(reader: Reader, limit: int = MOST_LISTED) -> list[Demand]:
    """List the articles, those that bring most first.

    Shape:  0..limit rows, one per article and currency; ties by sku.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    rows = reader.execute(_QUESTION, {"limit": checked_limit(limit, MOST_LISTED)})
    return [cast(Demand, row) for row in rows]


_QUESTION: Final[LiteralString] = """
    select sku, title, currency, orders, ordered, upsold, sold, net_minor, share, abc,
           weekly_mean, variation, xyz, last_ordered_at
    from item_demand order by net_minor desc, sku, currency limit %(limit)s
"""
