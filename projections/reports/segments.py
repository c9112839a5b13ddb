"""Question: which customers have the same tag and the same reason why they did not buy?"""

from datetime import datetime
from typing import Final, LiteralString, TypedDict, cast

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class Segment(TypedDict):
    """Customers that one mailing could go to."""

    tag: str | None  # null: they bear none
    reason_code: str | None  # none: nobody said why; null: no order of them failed
    customers: int
    orders: int  # of them, that failed for it
    last_at: datetime | None  # when the latest of these did


def list_segments(reader: Reader, limit: int = MOST_LISTED) -> list[Segment]:
    """List the segments, the largest first.

    Shape:  0..limit rows; ties by tag and reason. A customer is in one for each tag and reason.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    rows = reader.execute(_QUESTION, {"limit": checked_limit(limit, MOST_LISTED)})
    return [cast(Segment, row) for row in rows]


_QUESTION: Final[LiteralString] = """
    select tag, reason_code, customers, orders, last_at from segments
    order by customers desc, tag, reason_code limit %(limit)s
"""
