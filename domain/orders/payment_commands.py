"""What people and programs may ask of an order's payments. Amounts in minor units."""

from typing import Annotated, ClassVar

from pydantic import Field

from domain.messages import Code, Name, Shape
from domain.orders.currencies import KnownCurrency
from domain.orders.facts import Installments
from domain.orders.ledger import EntryKind, Kind
from domain.orders.money import MAX_MINOR, Minor
from domain.orders.order_command import OrderCommand


class PlacedPayment(Shape):
    """How an order is paid from the start."""

    method: Name
    amount_minor: Minor | None = None  # None: all that it costs
    charged: bool = False  # the money is in already
    gateway_ref: Name | None = None


class SubmitPayment(OrderCommand):
    """Announce a payment."""

    NAME: ClassVar[str] = "order.submit_payment"
    MAY_BE_FACT: ClassVar[bool] = True

    payment_id: Name | None = None  # None: a new one
    method: Name
    amount_minor: Minor | None = None  # None: what is still due
    currency: KnownCurrency
    installments: Installments | None = None


class PaymentCommand(OrderCommand):
    """A movement of one payment, by a person or as the gateway's callback."""

    KIND: ClassVar[Kind]  # of the ledger entry
    MAY_BE_FACT: ClassVar[bool] = True

    payment_id: Name | None = None  # None: the one that fits
    amount_minor: Annotated[int, Field(ge=1, le=MAX_MINOR)] | None = None  # None: all there is
    currency: KnownCurrency
    gateway_ref: Name | None = None  # the same reference twice is the same movement


class IncomingPayment(PaymentCommand):
    """Money on its way to us: by default what is still due."""

    method: Name | None = None  # set: a payment that nobody announced is announced with it


class AuthorisePayment(IncomingPayment):
    """Money was reserved."""

    NAME: ClassVar[str] = "order.authorise_payment"
    KIND: ClassVar[Kind] = "authorised"


class ChargePayment(IncomingPayment):
    """Money came in."""

    NAME: ClassVar[str] = "order.charge_payment"
    KIND: ClassVar[Kind] = "charged"


class ReturnedPayment(PaymentCommand):
    """Money on its way back: by default all that the payment holds."""


class RefundPayment(ReturnedPayment):
    """Money goes back."""

    NAME: ClassVar[str] = "order.refund_payment"
    KIND: ClassVar[Kind] = "refunded"

    reason_code: Code | None = None


class ChargeBackPayment(ReturnedPayment):
    """The bank took the money back."""

    NAME: ClassVar[str] = "order.charge_back_payment"
    KIND: ClassVar[Kind] = "charged_back"


class GrantRefund(OrderCommand):
    """Promise the customer money back, before it goes. A later promise replaces this one."""

    NAME: ClassVar[str] = "order.grant_refund"
    KIND: ClassVar[EntryKind] = "granted"

    amount_minor: Minor | None = None  # in all, with what went back already; None: all that came in
    currency: KnownCurrency
    reason_code: Code | None = None
