"""What can have happened to an order's documents."""

from typing import ClassVar, Literal

from domain.messages import Code, Event, Name
from domain.orders.money import Currency

Stage = Literal["sent", "paid", "cancelled"]  # where a document may be brought


class DocumentEvent(Event):
    """What all events of one document say."""

    document_id: Name


class DocumentIssued(DocumentEvent):
    """Fact: the order has a document of this number."""

    NAME: ClassVar[str] = "order.document_issued.v1"

    kind: Code
    series: Code
    number: Name  # as it is written; no other document of the series has it
    total_minor: int  # what the order cost at that moment
    currency: Currency | None = None


class DocumentMoved(DocumentEvent):
    """Fact: the document was sent, paid or cancelled."""

    NAME: ClassVar[str] = "order.document_moved.v1"

    from_status: Code
    to_status: Stage
    reason_code: Code | None = None
