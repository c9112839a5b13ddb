"""Everything that can have happened to an order. Stored names are contracts for ever.

Amounts are integer minor units of the order's currency, times are aware and UTC,
quantities are pieces. When it happened stands in the envelope (occurred_at).
"""

# Everybody looks up the events of an order here.
# ruff: noqa: PLC0414

from typing import ClassVar, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime

from domain.messages import Code, Event, Moment, Name, Personal, Shape
from domain.orders.call_events import CallLogged as CallLogged
from domain.orders.candidates import Candidate, Why
from domain.orders.deadline_events import DeadlineEvent as DeadlineEvent
from domain.orders.deadline_events import DeadlinePassed as DeadlinePassed
from domain.orders.deadline_events import DeadlineSnoozed as DeadlineSnoozed
from domain.orders.document_events import DocumentEvent as DocumentEvent
from domain.orders.document_events import DocumentIssued as DocumentIssued
from domain.orders.document_events import DocumentMoved as DocumentMoved
from domain.orders.item_events import ItemAdded as ItemAdded
from domain.orders.item_events import ItemChanged as ItemChanged
from domain.orders.item_events import ItemStatusChanged as ItemStatusChanged
from domain.orders.item_events import ReservationChanged as ReservationChanged
from domain.orders.money import AppliedDiscount, Currency, Line, Totals
from domain.orders.payment_events import PAYMENT_EVENTS as PAYMENT_EVENTS
from domain.orders.payment_events import LedgerEvent as LedgerEvent
from domain.orders.payment_events import PaymentAuthorised as PaymentAuthorised
from domain.orders.payment_events import PaymentCharged as PaymentCharged
from domain.orders.payment_events import PaymentChargedBack as PaymentChargedBack
from domain.orders.payment_events import PaymentEvent as PaymentEvent
from domain.orders.payment_events import PaymentRefunded as PaymentRefunded
from domain.orders.payment_events import PaymentSubmitted as PaymentSubmitted
from domain.orders.payment_events import RefundGranted as RefundGranted
from domain.orders.payment_events import entry_of as entry_of
from domain.orders.shipment_events import ShipmentCreated as ShipmentCreated
from domain.orders.shipment_events import ShipmentEvent as ShipmentEvent
from domain.orders.shipment_events import ShipmentMoved as ShipmentMoved
from domain.orders.shipment_events import ShipmentTracked as ShipmentTracked
from domain.orders.time_left import Deadline as Deadline
from domain.orders.time_left import Paused as Paused
from domain.orders.time_left import TimeLeft as TimeLeft
from domain.orders.told import Told as Told

Initiator = Literal["client", "shop", "carrier", "system"]
TimeSource = Literal["recorded", "derived"]  # derived: the source has no own time for it


class Customer(Shape):
    """Who buys. customer_id is our key, the rest is personal."""

    customer_id: Name | None = None
    name: Personal | None = None
    phone: Personal | None = None
    email: Personal | None = None


class Delivery(Shape):
    """How the goods travel."""

    method: Code | None = None
    address: Personal | None = None
    promised_at: Moment | None = None  # what the customer was told


class OrderPlaced(Told, Event):
    """Fact: a customer's order exists, on this path, for this money."""

    NAME: ClassVar[str] = "order.placed.v1"

    path: Code
    path_version: int
    status: Code  # where it starts
    rank: int = 0  # place among facts of the same second; decisions ignore it
    order_type: Code
    channel: Code
    shop: Name
    customer: Customer | None = None
    delivery: Delivery | None = None
    currency: Currency
    vat_included: bool = True
    lines: tuple[Line, ...] = ()
    totals: Totals | None = None  # None: an imported order, its items follow as facts
    discounts: tuple[AppliedDiscount, ...] | None = None  # in force, None: none of them
    deadlines: tuple[Deadline, ...] = ()
    test: bool = False

    @property
    def whose(self) -> str | None:
        """The id of the customer, wherever it is told."""
        return (self.customer or self).customer_id or self.customer_id


class StatusChanged(Event):
    """Fact: somebody moved the order, and the order's path allowed it."""

    NAME: ClassVar[str] = "order.status_changed.v1"

    from_status: Code | None = None  # None: the facts that told of one were annulled
    to_status: Code
    reason_code: Code | None = None
    initiator: Initiator | None = None
    deadlines: tuple[Deadline, ...] = ()
    paused: Paused | None = None  # set: the clock stands while the order is in this status


class MoveApproved(Event):
    """Fact: somebody agreed that the order, exactly as it is now, may be moved."""

    NAME: ClassVar[str] = "order.move_approved.v1"

    to_status: Code
    approved_by: Name  # the id of whoever acted
    on_behalf_of: Name | None = None  # for whom


class OverrideUsed(Event):
    """Fact: the move before was one against the usual way. Why stands in the envelope (reason)."""

    NAME: ClassVar[str] = "order.override_used.v1"

    from_status: Code
    to_status: Code


class PathMigrated(Event):
    """Fact: from now on the order follows another version of its path, or another path."""

    NAME: ClassVar[str] = "order.path_migrated.v1"

    from_path: Code
    from_version: int
    path: Code
    path_version: int
    from_status: Code
    to_status: Code
    entered: bool  # anew; False: it stays where it is, with the time limit that it has
    deadlines: tuple[Deadline, ...] = ()


class StatusRecorded(Told, Event):
    """Fact: elsewhere the order entered a status, whether the path would allow it or not."""

    NAME: ClassVar[str] = "order.status_recorded.v1"

    path: Code
    path_version: int
    to_status: Code
    rank: int  # place among facts of the same second, by the source's own order
    time_source: TimeSource = "recorded"
    conforming: bool
    nonconforming: tuple[Code, ...] = ()  # why the path would have refused it, on arrival


class SourceStatusNoted(Event):
    """Fact: the source names a status without a time; it is not a status change."""

    NAME: ClassVar[str] = "order.source_status_noted.v1"

    source_status: Name


class FieldsChanged(Event):
    """Fact: details of the order were changed. Only the named ones, old values in history."""

    NAME: ClassVar[str] = "order.fields_changed.v1"

    changed: tuple[Name, ...]  # names of the fields below that were set, None clears
    customer_name: Personal | None = None
    customer_phone: Personal | None = None
    customer_email: Personal | None = None
    delivery_address: Personal | None = None
    delivery_method: Code | None = None
    promised_at: AwareDatetime | None = None
    track_number: Name | None = None


class OwnerAssigned(Event):
    """Fact: a person or a group is responsible for the order from now on."""

    NAME: ClassVar[str] = "order.owner_assigned.v1"

    user: Name | None = None
    group: Name | None = None
    previous_user: Name | None = None
    previous_group: Name | None = None
    why: Why | None = None  # what chose the user, None: whoever sent the command
    candidates: tuple[Candidate, ...] | None = None  # all members of the group, as they were then


class NoteAdded(Event):
    """Fact: somebody wrote something about the order."""

    NAME: ClassVar[str] = "order.note_added.v1"

    text: Personal


class TestFlagChanged(Event):
    """Fact: the order counts, or does not count, in the reports."""

    NAME: ClassVar[str] = "order.test_flag_changed.v1"

    test: bool


class FactAnnulled(Event):
    """Fact: an earlier event of this order was wrong; projections treat it as absent."""

    NAME: ClassVar[str] = "order.fact_annulled.v1"

    annulled_version: int
    annulled_type: Name
    reason: Personal


OrderEvent = (
    OrderPlaced
    | StatusChanged
    | MoveApproved
    | OverrideUsed
    | PathMigrated
    | StatusRecorded
    | SourceStatusNoted
    | FieldsChanged
    | ItemAdded
    | ItemChanged
    | ItemStatusChanged
    | LedgerEvent
    | ReservationChanged
    | ShipmentCreated
    | ShipmentTracked
    | ShipmentMoved
    | DocumentIssued
    | DocumentMoved
    | DeadlinePassed
    | DeadlineSnoozed
    | OwnerAssigned
    | NoteAdded
    | CallLogged
    | TestFlagChanged
    | FactAnnulled
)

ORDER_EVENTS: tuple[type[Event], ...] = get_args(OrderEvent)

# The facts (events with a fact id) that `order correct` can take back. A decision is undone by a
# decision.
CORRECTABLE: frozenset[str] = frozenset(
    e.NAME
    for e in (
        OrderPlaced,
        StatusRecorded,
        SourceStatusNoted,
        ItemAdded,
        *PAYMENT_EVENTS.values(),
    )
)


def stream_of(order_id: UUID) -> str:
    """Give the stream of an order."""
    return f"order-{order_id}"
