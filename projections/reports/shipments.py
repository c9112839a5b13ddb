"""Question: what travels with whom, and how far is it?"""

from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class ListedShipment(TypedDict):
    """A shipment of an order."""

    order_id: UUID
    shipment_id: str
    carrier: str | None
    track_number: str | None
    status: str
    status_since: datetime
    quantity: int
    pieces: dict[str, int]


def list_shipments(
    reader: Reader,
    *,
    order_id: UUID | None = None,
    status: str | None = None,
    limit: int = MOST_LISTED,
) -> list[ListedShipment]:
    """List shipments, those of one order or in one status, or all; the latest change first.

    Shape:  0..limit rows; ties by order and shipment.
    Units:  quantity and pieces in whole pieces.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    wanted: dict[str, Any] = {
        "order_id": order_id,
        "status": status,
        "limit": checked_limit(limit, MOST_LISTED),
    }
    return cast(list[ListedShipment], reader.execute(_SHIPMENTS, wanted).fetchall())


_SHIPMENTS: Final = """
    select order_id, shipment_id, carrier, track_number, status, status_since, quantity, pieces
    from shipments
    where (%(order_id)s::uuid is null or order_id = %(order_id)s)
      and (%(status)s::text is null or status = %(status)s)
    order by status_since desc, order_id, shipment_id limit %(limit)s
"""
