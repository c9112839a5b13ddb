"""decide: from an enquiry and a wish to events, or to everything that stands against it.

services.pipeline decides commands here; domain.placing asks whether an enquiry may be ordered.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.meeting import meet
from domain.enquiries import commands as c
from domain.enquiries import events as e
from domain.enquiries import guards
from domain.enquiries.enquiry import Enquiry
from domain.guards import no_status_is_expected
from domain.messages import Decided
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal, Unmet


def record(
    cmd: c.RecordEnquiry, states: Mapping[str, Any], now: datetime
) -> Mapping[str, list[Decided]]:
    """Write an enquiry down, and whom it makes a customer. Raises: Refusal"""
    unmet = [*_asked_rightly(cmd, now), *guards.enquiry_is_new(states[cmd.stream_id])]
    if unmet:
        raise Refusal(*unmet)
    event = e.EnquiryRecorded(channel=cmd.channel, text=cmd.text, customer=cmd.customer)
    return {cmd.stream_id: [Decided(event, now)], **meet(cmd.customer, states, now)}


def close(enquiry: Enquiry, cmd: c.CloseEnquiry, now: datetime) -> list[Decided]:
    """End an enquiry without an order; twice is nothing. Raises: Refusal"""
    unmet = [
        *_asked_rightly(cmd, now),
        *guards.enquiry_exists(enquiry),
        *guards.enquiry_is_not_ordered(enquiry),
    ]
    if unmet:
        raise Refusal(*unmet)
    if enquiry.closed:
        return []
    return [Decided(e.EnquiryClosed(reason_code=cmd.reason_code), now)]


def against_ordering(enquiry: Enquiry) -> list[Unmet]:
    """List what stands against making an order of an enquiry."""
    return [
        *guards.enquiry_exists(enquiry),
        *guards.enquiry_is_not_ordered(enquiry),
        *guards.enquiry_is_not_closed(enquiry),
    ]


def _asked_rightly(cmd: c.EnquiryCommand, now: datetime) -> list[Unmet]:
    return [*no_status_is_expected(cmd, "An enquiry"), *time_is_allowed(cmd, now)]
