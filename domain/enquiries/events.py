"""Everything that can have happened to an enquiry. Stored names are contracts for ever."""

from typing import ClassVar, get_args
from uuid import UUID

from domain.messages import Code, Event, Personal
from domain.orders.events import Customer


class EnquiryRecorded(Event):
    """Fact: somebody asked the shop for something, by web or phone."""

    NAME: ClassVar[str] = "enquiry.recorded.v1"

    channel: Code
    text: Personal
    customer: Customer | None = None  # who asked, as far as it was said


class EnquiryOrdered(Event):
    """Fact: the enquiry became an order."""

    NAME: ClassVar[str] = "enquiry.ordered.v1"

    order_id: UUID


class EnquiryClosed(Event):
    """Fact: the enquiry came to its end without an order."""

    NAME: ClassVar[str] = "enquiry.closed.v1"

    reason_code: Code


EnquiryEvent = EnquiryRecorded | EnquiryOrdered | EnquiryClosed

ENQUIRY_EVENTS: tuple[type[Event], ...] = get_args(EnquiryEvent)


def enquiry_stream(enquiry_id: UUID) -> str:
    """Give the stream of an enquiry."""
    return f"enquiry-{enquiry_id}"
