"""The state of an enquiry and how events change it. evolve never refuses and looks nothing up."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never, cast
from uuid import UUID

from domain.enquiries import events as e
from domain.messages import Happened
from domain.orders.events import Customer


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One enquiry as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # the customer's id, where it is known who asked
    customer: Customer | None = None
    order_id: UUID | None = None  # that it became
    closed: bool = False  # it ended without an order

    @property
    def exists(self) -> bool:
        return self.version > 0

    def evolve(self, happened: Happened) -> "Enquiry":
        """Give the enquiry after one more event."""
        at = happened.occurred_at
        enquiry = replace(self, version=happened.version, last_occurred_at=at)
        event = cast(e.EnquiryEvent, happened.event)
        match event:
            case e.EnquiryRecorded(customer=customer):
                subject_id = customer.customer_id if customer else None
                return replace(enquiry, customer=customer, subject_id=subject_id)
            case e.EnquiryOrdered(order_id=order_id):
                return replace(enquiry, order_id=order_id)
            case e.EnquiryClosed():
                return replace(enquiry, closed=True)
            case _:
                assert_never(event)
