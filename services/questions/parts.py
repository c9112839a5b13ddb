"""What is asked of parts of orders, over all orders or of one: documents and shipments."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from domain.messages import Name
from projections.reports.documents import MOST_LISTED as MOST_DOCUMENTS
from projections.reports.documents import DocumentPage, Sought, list_documents
from projections.reports.shipments import MOST_LISTED as MOST_SHIPMENTS
from projections.reports.shipments import ShipmentPage, list_shipments
from services.questions.question import Asked, Cursor, OrderRef, question
from services.reading import find_order

if TYPE_CHECKING:
    from services.bootstrap import System

OfOrder = Annotated[OrderRef | None, Field(description="only of this order")]


class Documents(Asked):
    """Documents, the latest first."""

    order: OfOrder = None
    kind: Annotated[Name | None, Field(description="invoice, waybill, act, …")] = None
    status: Annotated[Name | None, Field(description="issued, sent, paid, cancelled")] = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_DOCUMENTS)] = MOST_DOCUMENTS


class Shipments(Asked):
    """Shipments, the latest change first."""

    order: OfOrder = None
    status: Annotated[Name | None, Field(description="planned, in_transit, delivered, …")] = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_SHIPMENTS)] = MOST_SHIPMENTS


@question("document.list", "/documents", reads="tables")
def documents(system: "System", asked: Documents) -> DocumentPage:
    """List documents, the latest first."""
    order_id = None if asked.order is None else find_order(system, asked.order)
    with system.snapshot() as reader:
        sought = Sought(order_id, asked.kind, asked.status)
        return list_documents(reader, sought, cursor=asked.cursor, limit=asked.limit)


@question("shipment.list", "/shipments", reads="tables")
def shipments(system: "System", asked: Shipments) -> ShipmentPage:
    """List shipments, the latest change first."""
    order_id = None if asked.order is None else find_order(system, asked.order)
    with system.snapshot() as reader:
        return list_shipments(
            reader,
            order_id=order_id,
            status=asked.status,
            cursor=asked.cursor,
            limit=asked.limit,
        )
