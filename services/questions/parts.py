"""What is asked of parts of orders, over all orders or of one: documents and shipments."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from domain.messages import Name
from projections.reports.documents import MOST_LISTED as MOST_DOCUMENTS
from projections.reports.documents import list_documents
from projections.reports.shipments import MOST_LISTED as MOST_SHIPMENTS
from projections.reports.shipments import list_shipments
from services.questions.question import Asked, OrderRef, question
from services.reading import find_order

if TYPE_CHECKING:
    from services.bootstrap import System

OfOrder = Annotated[OrderRef | None, Field(description="only of this order")]


class Documents(Asked):
    """Documents, the latest first."""

    order: OfOrder = None
    kind: Annotated[Name | None, Field(description="invoice, waybill, act, …")] = None
    status: Annotated[Name | None, Field(description="issued, sent, paid, cancelled")] = None
    limit: Annotated[int, Field(ge=1, le=MOST_DOCUMENTS)] = MOST_DOCUMENTS


class Shipments(Asked):
    """Shipments, the latest change first."""

    order: OfOrder = None
    status: Annotated[Name | None, Field(description="planned, in_transit, delivered, …")] = None
    limit: Annotated[int, Field(ge=1, le=MOST_SHIPMENTS)] = MOST_SHIPMENTS


@question("document.list", "/documents", reads="tables")
def documents(system: "System", asked: Documents) -> list[Any]:
    """List documents, the latest first."""
    order_id = None if asked.order is None else find_order(system, asked.order)
    with system.snapshot() as reader:
        rows: list[Any] = list_documents(
            reader, order_id=order_id, kind=asked.kind, status=asked.status, limit=asked.limit
        )
    return rows


@question("shipment.list", "/shipments", reads="tables")
def shipments(system: "System", asked: Shipments) -> list[Any]:
    """List shipments, the latest change first."""
    order_id = None if asked.order is None else find_order(system, asked.order)
    with system.snapshot() as reader:
        rows: list[Any] = list_shipments(
            reader, order_id=order_id, status=asked.status, limit=asked.limit
        )
    return rows
