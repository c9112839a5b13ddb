"""What is public of an order as it is: the document of the state topic, computed from the order."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from domain.orders.items import Item
from domain.orders.ledger import PaymentStatus, RefundStatus
from domain.orders.order import Order
from domain.orders.shipments import Shipment as OrderShipment
from domain.paths.path import OrderPath
from domain.public.shapes import (
    Contact,
    Delivery,
    Moment,
    PiecesByItem,
    Position,
    Public,
    Totals,
)


class StateItem(Position):
    """One position and where its pieces are."""

    delivery_minor: Annotated[int, Field(description="freight of this item, minor units")]
    currency: Annotated[str | None, Field(description="ISO 4217; missing: the order's")] = None
    pieces: Annotated[dict[str, int], Field(description="whole pieces by item status")]


class StateShipment(Public):
    """What travels together, and how far it is."""

    shipment_id: str
    carrier: str | None = None
    track_number: str | None = None
    status: str
    pieces: PiecesByItem


class OrderState(Public):
    """An order after its event of this version. Key of the record: the order's id."""

    TYPE: ClassVar[str] = "order.state.v1"

    order_id: str
    version: Annotated[int, Field(description="the sequence of the last event that is in it")]
    epoch: Annotated[int, Field(description="of the log, raised when a backup is restored")]
    external_id: Annotated[str | None, Field(description="its number in the source")] = None
    path: str | None = None
    path_version: int | None = None
    status: str | None = None
    stage: Annotated[str | None, Field(description="of the status, by the path")] = None
    final: Literal["success", "failure"] | None = None
    public_label: Annotated[
        dict[str, str], Field(description="what the customer is told of the status, by language")
    ]
    order_type: str | None = None
    channel: str | None = None
    shop: str | None = None
    customer_id: str | None = None
    delivery: Delivery
    track_number: str | None = None
    currency: Annotated[str | None, Field(description="ISO 4217")] = None
    totals: Totals
    paid_minor: Annotated[int, Field(description="with the shop now, minor units")]
    due_minor: Annotated[
        int | None,
        Field(
            description="still to pay, minor units, below zero: so much more is with the shop; what"
            " the shop sent back is not owed again, what the bank took back is. Missing: told by a"
            " shop that did not say it yet"
        ),
    ] = None
    payment_status: PaymentStatus
    refund_status: RefundStatus
    items_status: Annotated[
        str, Field(description="one word for all pieces: shipped, partly_shipped, none, …")
    ]
    items: Annotated[
        tuple[StateItem, ...] | None, Field(description="missing: too much for one record")
    ] = None
    shipments: Annotated[
        tuple[StateShipment, ...] | None, Field(description="missing: too much for one record")
    ] = None
    owner_group: str | None = None
    test: Annotated[bool, Field(description="a test order, which reports leave out")]
    placed_at: Moment | None = None
    updated_at: Annotated[Moment, Field(description="when the latest that is known happened")]
    contact: Contact | None = None

    def shortened(self) -> "OrderState":
        """Give the same without its parts, of which there are too many."""
        return self.model_copy(update={"items": None, "shipments": None})


def state_of(
    order: Order,
    order_id: UUID | str,
    epoch: int,
    path: OrderPath | None,
    *,
    personal: bool = False,
) -> OrderState:
    """Give the public state of an order that has at least one event.

    path:     the one that the order follows; None: not known, stage and label stay empty
    personal: with the contact; the events have to be opened for that
    """
    assert order.last_occurred_at is not None, "an order without any event has no state"
    placed = order.placed
    status = path.statuses.get(order.status or "") if path else None
    return OrderState(
        order_id=str(order_id),
        version=order.version,
        epoch=epoch,
        external_id=order.external_id,
        path=order.path or None,
        path_version=order.path_version or None,
        status=order.status,
        stage=status.stage if status else None,
        final=status.final if status else None,
        public_label=status.public_label if status else {},
        order_type=placed.order_type if placed else None,
        channel=placed.channel if placed else None,
        shop=placed.shop if placed else None,
        customer_id=order.customer_id,
        delivery=_delivery(order),
        track_number=_text(order, "track_number"),
        currency=order.currency,
        totals=Totals.model_validate(order.money),
        paid_minor=order.balance.paid_minor,
        due_minor=order.owed_minor,
        payment_status=order.payment_status,
        refund_status=order.refund_status,
        items_status=order.items_status,
        items=tuple(map(_item, order.items.values())),
        shipments=tuple(map(_shipment, order.shipments.values())),
        owner_group=order.owner_group,
        test=order.test,
        placed_at=order.placed_by[1][0] if order.placed_by else None,
        updated_at=order.last_occurred_at,
        contact=_contact(order) if personal else None,
    )


def _delivery(order: Order) -> Delivery:
    promised_at = order.field_value("promised_at")
    return Delivery(
        method=_text(order, "delivery_method"),
        promised_at=promised_at if isinstance(promised_at, datetime) else None,
    )


def _text(order: Order, field: str) -> str | None:
    value = order.field_value(field)
    return value if isinstance(value, str) else None


def _item(item: Item) -> StateItem:
    line = item.line
    return StateItem(
        item_id=line.item_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        vat_bp=line.vat_bp,
        seller=line.seller,
        delivery_minor=item.delivery_minor,
        currency=item.currency,
        pieces=dict(item.pieces),
    )


def _shipment(shipment: OrderShipment) -> StateShipment:
    return StateShipment.model_validate(shipment)


def _contact(order: Order) -> Contact | None:
    contact = Contact(
        name=_text(order, "customer_name"),
        phone=_text(order, "customer_phone"),
        email=_text(order, "customer_email"),
        address=_text(order, "delivery_address"),
    )
    return contact if contact != Contact() else None
