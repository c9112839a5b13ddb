"""What can have happened to an order's payments. Amounts in minor units, with their currency."""

from collections.abc import Mapping
from typing import ClassVar

from domain.messages import Code, Event, Name
from domain.orders.ledger import EntryKind, Kind, LedgerEntry
from domain.orders.money import Currency
from domain.orders.told import Told


class PaymentSubmitted(Told, Event):
    """Fact: the customer was asked for, or announced, a payment."""

    NAME: ClassVar[str] = "order.payment_submitted.v1"
    KIND: ClassVar[Kind] = "submitted"  # of the ledger's entry

    payment_id: Name
    method: Name
    amount_minor: int
    currency: Currency
    installments: int | None = None


class MoneyMoved(Event):
    """How much of which payment. It stands before what is told besides, as it was released."""

    payment_id: Name
    amount_minor: int
    currency: Currency
    gateway_ref: Name | None = None  # the gateway's own id of this movement


class PaymentEvent(Told, MoneyMoved):
    """What all movements of one payment say."""

    KIND: ClassVar[Kind]


class PaymentAuthorised(PaymentEvent):
    """Fact: the money is reserved on the customer's side."""

    NAME: ClassVar[str] = "order.payment_authorised.v1"
    KIND: ClassVar[Kind] = "authorised"


class PaymentCharged(PaymentEvent):
    """Fact: the money came in."""

    NAME: ClassVar[str] = "order.payment_charged.v1"
    KIND: ClassVar[Kind] = "charged"


class PaymentRefunded(PaymentEvent):
    """Fact: the money went back, by us."""

    NAME: ClassVar[str] = "order.payment_refunded.v1"
    KIND: ClassVar[Kind] = "refunded"

    reason_code: Code | None = None


class PaymentChargedBack(PaymentEvent):
    """Fact: the bank took the money back, at the customer's demand."""

    NAME: ClassVar[str] = "order.payment_charged_back.v1"
    KIND: ClassVar[Kind] = "charged_back"


class RefundGranted(Event):
    """Fact: we promised the customer to give money back, or took some of that promise back."""

    NAME: ClassVar[str] = "order.refund_granted.v1"
    KIND: ClassVar[EntryKind] = "granted"

    amount_minor: int  # more than was promised before; below zero: so much less
    currency: Currency
    reason_code: Code | None = None


LedgerEvent = (
    PaymentSubmitted
    | PaymentAuthorised
    | PaymentCharged
    | PaymentRefunded
    | PaymentChargedBack
    | RefundGranted
)

# What each movement of a payment is booked by.
PAYMENT_EVENTS: Mapping[Kind, type[PaymentSubmitted | PaymentEvent]] = {
    event.KIND: event
    for event in (
        PaymentSubmitted,
        PaymentAuthorised,
        PaymentCharged,
        PaymentRefunded,
        PaymentChargedBack,
    )
}


def entry_of(event: PaymentSubmitted | PaymentEvent | RefundGranted, version: int) -> LedgerEntry:
    """Give what an event books; version: of the event in the order's stream."""
    return LedgerEntry(
        version,
        getattr(event, "payment_id", None),
        event.KIND,
        event.amount_minor,
        event.currency,
        getattr(event, "gateway_ref", None),
        getattr(event, "method", None),
    )
