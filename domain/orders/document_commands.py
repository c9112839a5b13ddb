"""What people and programs may ask of an order's documents."""

from functools import cached_property
from typing import ClassVar

from domain.documents.events import stream_of as series_stream
from domain.messages import Code, Name
from domain.orders.document_events import Stage
from domain.orders.order_command import OrderCommand


class IssueDocument(OrderCommand):
    """Give the order a document with the next number of a series."""

    NAME: ClassVar[str] = "order.issue_document"

    kind: Code
    series: Code | None = None  # None: the one that is called as the kind
    document_id: Name | None = None  # None: a new one

    @cached_property
    def series_stream_id(self) -> str:
        return series_stream(self.series or self.kind)


class MoveDocument(OrderCommand):
    """Note that a document was sent or paid, or cancel it."""

    NAME: ClassVar[str] = "order.move_document"

    document_id: Name
    to_status: Stage
    reason_code: Code | None = None  # mandatory to cancel
