"""Question: what lies where, and for which orders is it kept?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader

MOST_LISTED: Final = 100_000


class StockLevel(TypedDict):
    """An article at a location, in pieces."""

    sku: str
    location: str
    on_hand: int
    reserved: int
    available: int
    short: int
    threshold: int | None
    below_since: datetime | None


class Reserved(TypedDict):
    """Pieces that are kept for an item of an order."""

    sku: str
    location: str
    order_id: UUID
    item_id: str
    quantity: int
    reserved_at: datetime
    expires_at: datetime | None


class StockNow(TypedDict):
    """What lies where now, and whom it is kept for."""

    levels: list[StockLevel]
    reservations: list[Reserved]


def stock_now(
    reader: Reader, *, sku: str | None = None, location: str | None = None, limit: int = MOST_LISTED
) -> StockNow:
    """List the levels and what is reserved now; of one article, of one location, or of all.

    Shape:  0..limit rows each, by article and location; there what was reserved first comes
            first, ties by order and item.
    Units:  pieces.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    if not 1 <= limit <= MOST_LISTED:
        raise ValueError(f"limit must be in 1..{MOST_LISTED}, not {limit}")
    wanted: dict[str, Any] = {"sku": sku, "location": location, "limit": limit}
    return {
        "levels": cast(list[StockLevel], reader.execute(_LEVELS, wanted).fetchall()),
        "reservations": cast(list[Reserved], reader.execute(_RESERVED, wanted).fetchall()),
    }


def locations_of(reader: Reader, skus: Sequence[str]) -> list[str]:
    """List where any of these articles lies or lay, by code."""
    rows = reader.execute(_LOCATIONS, [list(skus)]).fetchall()
    return [row["location"] for row in rows]


_LOCATIONS: Final = """
    select distinct location from stock_levels where sku = any(%s) order by location
"""

_LEVELS: Final = """
    select sku, location, on_hand, reserved, available, short, threshold, below_since
    from stock_levels
    where (%(sku)s::text is null or sku = %(sku)s)
      and (%(location)s::text is null or location = %(location)s)
    order by sku, location limit %(limit)s
"""

_RESERVED: Final = """
    select sku, location, order_id, item_id, quantity, reserved_at, expires_at
    from reservations
    where state = 'reserved'
      and (%(sku)s::text is null or sku = %(sku)s)
      and (%(location)s::text is null or location = %(location)s)
    order by sku, location, reserved_at, order_id, item_id limit %(limit)s
"""
