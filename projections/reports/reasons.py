"""Question: why did orders fail, where, in whose hands, and with whose goods?"""

from typing import Final, LiteralString, TypedDict, cast

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class FailedBecause(TypedDict):
    """Orders that failed in the same way. One counts for each supplier of its goods."""

    path: str
    previous_status: str | None
    status: str
    reason_code: str | None
    holder_user: str | None
    holder_group: str | None
    supplier: str | None
    currency: str | None
    orders: int
    pieces: int | None
    goods_minor: int | None  # without discounts


def list_reasons(
    reader: Reader, path: str | None = None, limit: int = MOST_LISTED
) -> list[FailedBecause]:
    """List why orders of all paths, or of one, failed, the most frequent first.

    Shape:  0..limit rows.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    parameters = {"path": path, "limit": checked_limit(limit, MOST_LISTED)}
    rows = reader.execute(_QUESTION, parameters)
    return [cast(FailedBecause, row) for row in rows]


_QUESTION: Final[LiteralString] = """
    select path, previous_status, status, reason_code, holder_user, holder_group, supplier,
           currency, orders, pieces, goods_minor
    from cancel_attribution where %(path)s::text is null or path = %(path)s
    order by orders desc, path, reason_code, previous_status, status, holder_user, holder_group,
             supplier, currency
    limit %(limit)s
"""
