"""Question: what travels with whom, and how far is it?"""

from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.cursor import behind, moment, name, page_of
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


class ShipmentPage(TypedDict):
    """A page of shipments, and what the next one begins behind."""

    shipments: list[ListedShipment]
    next: str | None  # null: there are no more


def list_shipments(
    reader: Reader,
    *,
    order_id: UUID | None = None,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = MOST_LISTED,
) -> ShipmentPage:
    """List shipments, those of one order or in one status, or all; the latest change first.

    Shape:  0..limit rows; ties by order and shipment.
    Units:  quantity and pieces in whole pieces.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    status_since, last_order, last_shipment = behind(cursor, moment, UUID, name)
    wanted: dict[str, Any] = {
        "order_id": order_id,
        "status": status,
        "status_since": status_since,
        "last_order": last_order,
        "last_shipment": last_shipment,
        "limit": checked_limit(limit, MOST_LISTED) + 1,
    }
    rows = reader.execute(_SHIPMENTS, wanted).fetchall()
    page, last = page_of(rows, limit, "status_since", "order_id", "shipment_id")
    return {"shipments": cast(list[ListedShipment], page), "next": last}


_SHIPMENTS: Final = """
    select order_id, shipment_id, carrier, track_number, status, status_since, quantity, pieces
    from shipments
    where (%(order_id)s::uuid is null or order_id = %(order_id)s)
      and (%(status)s::text is null or status = %(status)s)
      and (%(last_order)s::uuid is null or status_since < %(status_since)s::timestamptz
           or (status_since = %(status_since)s::timestamptz
               and (order_id, shipment_id) > (%(last_order)s::uuid, %(last_shipment)s::text)))
    order by status_since desc, order_id, shipment_id limit %(limit)s
"""
