"""Placing an order with all that it touches: the order, whoever orders, the enquiry behind it.

One decision, appended as a whole; called by domain.catalog.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.meeting import meet, streams_met
from domain.enquiries.decide import against_ordering
from domain.enquiries.enquiry import Enquiry
from domain.enquiries.events import EnquiryOrdered, enquiry_stream
from domain.facts import Facts, PathKey
from domain.messages import Decided
from domain.orders import decide
from domain.orders.commands import PlaceOrder
from domain.refusals import Refusal


def streams_beside(cmd: PlaceOrder) -> tuple[str, ...]:
    """Name what is read and written beside the order: nothing, if it says neither who nor why."""
    streams = streams_met(cmd.customer)
    return streams if cmd.enquiry_id is None else (*streams, enquiry_stream(cmd.enquiry_id))


def place_order(
    cmd: PlaceOrder,
    pinned: PathKey | None,
    states: Mapping[str, Any],
    facts: Facts,
    now: datetime,
) -> dict[str, list[Decided]]:
    """Give the events of every stream; pinned: as decide.place takes it.

    Raises: Refusal with every unmet condition of all
    """
    enquiry = None if cmd.enquiry_id is None else states[enquiry_stream(cmd.enquiry_id)]
    unmet = [] if enquiry is None else against_ordering(enquiry)
    asked = _by_who_asked(cmd, enquiry)
    try:
        placed = decide.place(states[cmd.stream_id], pinned, asked, facts, now)
    except Refusal as refusal:
        raise Refusal(*refusal.unmet, *unmet) from None
    if unmet:
        raise Refusal(*unmet)
    events = {**placed, **meet(cmd.customer, states, cmd.occurred_at or now)}
    return events if enquiry is None else events | _ordered(cmd, enquiry, now)


def _by_who_asked(cmd: PlaceOrder, enquiry: Enquiry | None) -> PlaceOrder:
    """An enquiry made a customer already: whoever asked orders, unless the order says who."""
    if enquiry is None or cmd.customer is not None:
        return cmd
    return cmd.model_copy(update={"customer": enquiry.customer})


def _ordered(cmd: PlaceOrder, enquiry: Enquiry, now: datetime) -> dict[str, list[Decided]]:
    assert cmd.enquiry_id is not None
    at = max(now, enquiry.last_occurred_at or now)
    return {enquiry_stream(cmd.enquiry_id): [Decided(EnquiryOrdered(order_id=cmd.order_id), at)]}
