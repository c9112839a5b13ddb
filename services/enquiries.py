"""Reads one enquiry from the log, what was asked in clear: for the CLI, later for the API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.enquiries import events as e
from domain.enquiries.events import enquiry_stream
from domain.messages import Recorded
from domain.refusals import Refusal, Unmet
from services.customers import is_stranger
from services.reading import seen_only
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System


def show_enquiry(system: "System", enquiry_id: UUID) -> dict[str, Any]:
    """Give an enquiry with stable keys (docs/customers.md). Raises: Refusal enquiry_unknown"""
    events = seen_only(system, events_of(system.log, enquiry_stream(enquiry_id)))
    if not events or any(is_stranger(system, one) for one in _who_asked(events)):
        raise Refusal(_unknown(enquiry_id))
    view: dict[str, Any] = {"enquiry_id": str(enquiry_id), "version": len(events)}
    for recorded in events:
        view |= _told(recorded)
    return view


def _who_asked(events: Sequence[Recorded]) -> list[str]:
    """Name the customer, where it is known who asked."""
    told = (one.event.customer for one in events if isinstance(one.event, e.EnquiryRecorded))
    return [one.customer_id for one in told if one and one.customer_id]


def _told(recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case e.EnquiryRecorded(channel=channel, text=text, customer=customer):
            return {
                "channel": channel,
                "asked_at": recorded.occurred_at,
                "text": text,
                "customer": customer.model_dump() if customer else None,
                "state": "open",
                **dict.fromkeys(("ended_at", "order_id", "reason_code")),
            }
        case e.EnquiryOrdered(order_id=order_id):
            ended = {"state": "ordered", "order_id": str(order_id)}
            return {"ended_at": recorded.occurred_at, **ended}
        case e.EnquiryClosed(reason_code=why):
            return {"ended_at": recorded.occurred_at, "state": "closed", "reason_code": why}
        case _:
            return {}


def _unknown(enquiry_id: UUID) -> Unmet:
    return Unmet(
        code="enquiry_unknown",
        field="enquiry_id",
        message=f"There is no enquiry {enquiry_id}",
        needed="the id that `enquiry record` printed",
    )
