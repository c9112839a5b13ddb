"""What is public of what happens to parts of an order: items, payments, shipments, documents."""

from typing import Annotated, ClassVar

from pydantic import Field

from domain.public.shapes import Currency, Line, Minor, Pieces, PiecesByItem, PublicEvent, Totals


class ItemAdded(PublicEvent):
    """A position was added to the order."""

    TYPE: ClassVar[str] = "order.item_added.v1"

    line: Line
    delivery_minor: Annotated[int, Field(description="freight of this item, minor units")]
    currency: Annotated[str | None, Field(description="ISO 4217; missing: the order's")] = None
    totals: Annotated[Totals | None, Field(description="the order's afterwards")] = None


class ItemChanged(PublicEvent):
    """Quantity, price or discount of a position is another one now."""

    TYPE: ClassVar[str] = "order.item_changed.v1"

    line: Line
    totals: Totals


class ItemStatusChanged(PublicEvent):
    """So many pieces of a position went from one item status to another."""

    TYPE: ClassVar[str] = "order.item_status_changed.v1"

    item_id: str
    quantity: Pieces
    from_status: str
    to_status: str
    reason_code: str | None = None
    totals: Annotated[Totals | None, Field(description="set when others are charged now")] = None
    shipment_id: str | None = None


class ReservationChanged(PublicEvent):
    """From now on so many pieces of an item are kept for the order, and where."""

    TYPE: ClassVar[str] = "order.reservation_changed.v1"

    item_id: str
    sku: str
    kept: Annotated[dict[str, int], Field(description="whole pieces by location")]
    committed: Annotated[int, Field(description="pieces that have left for good")]
    missing: Annotated[int, Field(description="pieces that no location had")]


class PaymentSubmitted(PublicEvent):
    """The customer was asked for, or announced, a payment."""

    TYPE: ClassVar[str] = "order.payment_submitted.v1"

    payment_id: str
    method: str
    amount_minor: Minor
    currency: Currency
    installments: int | None = None


class MoneyMoved(PublicEvent):
    """So much of one payment."""

    payment_id: str
    amount_minor: Minor
    currency: Currency


class PaymentAuthorised(MoneyMoved):
    """The money is reserved on the customer's side."""

    TYPE: ClassVar[str] = "order.payment_authorised.v1"


class PaymentCharged(MoneyMoved):
    """The money came in."""

    TYPE: ClassVar[str] = "order.payment_charged.v1"


class PaymentRefunded(MoneyMoved):
    """The money went back, by the shop."""

    TYPE: ClassVar[str] = "order.payment_refunded.v1"

    reason_code: str | None = None


class PaymentChargedBack(MoneyMoved):
    """The bank took the money back, at the customer's demand."""

    TYPE: ClassVar[str] = "order.payment_charged_back.v1"


class RefundGranted(PublicEvent):
    """The customer was promised money back; below zero: so much of that promise was taken back."""

    TYPE: ClassVar[str] = "order.refund_granted.v1"

    amount_minor: Minor
    currency: Currency
    reason_code: str | None = None


class ShipmentCreated(PublicEvent):
    """Somebody planned that these pieces travel together."""

    TYPE: ClassVar[str] = "order.shipment_created.v1"

    shipment_id: str
    carrier: str
    track_number: str | None = None
    pieces: PiecesByItem


class ShipmentTracked(PublicEvent):
    """This is the number by which the carrier knows the shipment."""

    TYPE: ClassVar[str] = "order.shipment_tracked.v1"

    shipment_id: str
    track_number: str


class ShipmentMoved(PublicEvent):
    """The shipment came so far."""

    TYPE: ClassVar[str] = "order.shipment_moved.v1"

    shipment_id: str
    to_status: str
    reason_code: str | None = None
    pieces: Annotated[
        dict[str, int] | None, Field(description="set when others were taken out meanwhile")
    ] = None


class DocumentIssued(PublicEvent):
    """The order has a document of this number."""

    TYPE: ClassVar[str] = "order.document_issued.v1"

    document_id: str
    kind: str
    series: str
    number: str
    total_minor: Minor
    currency: Currency | None = None


class DocumentMoved(PublicEvent):
    """The document was sent, paid or cancelled."""

    TYPE: ClassVar[str] = "order.document_moved.v1"

    document_id: str
    from_status: str
    to_status: str
    reason_code: str | None = None
