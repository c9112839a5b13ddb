"""What people and programs may ask of an enquiry. To order it, an order is placed that names it."""

from functools import cached_property
from typing import ClassVar
from uuid import UUID

from domain.enquiries.events import enquiry_stream
from domain.messages import Code, Command, Written
from domain.orders.events import Customer


class EnquiryCommand(Command):
    """A command to one enquiry."""

    enquiry_id: UUID

    @cached_property
    def stream_id(self) -> str:
        return enquiry_stream(self.enquiry_id)


class RecordEnquiry(EnquiryCommand):
    """Write down what somebody asks for. Whoever it is becomes a customer with it."""

    NAME: ClassVar[str] = "enquiry.record"

    channel: Code = "web"
    text: Written
    customer: Customer | None = None


class CloseEnquiry(EnquiryCommand):
    """End an enquiry without an order, and say why."""

    NAME: ClassVar[str] = "enquiry.close"

    reason_code: Code


COMMANDS: tuple[type[EnquiryCommand], ...] = (RecordEnquiry, CloseEnquiry)
