"""What can have happened to an order's items. Quantities are whole pieces."""

from typing import ClassVar

from pydantic import Field

from domain.messages import Code, Event, Name
from domain.orders.money import Currency, Line, Totals


class ItemAdded(Event):
    """Fact: a position was added to the order."""

    NAME: ClassVar[str] = "order.item_added.v1"

    line: Line
    delivery_minor: int = 0  # freight that the source counts per item
    currency: Currency | None = None  # of its prices; None: the order's
    totals: Totals | None = None  # the order's money afterwards; None for imported items


class ItemChanged(Event):
    """Fact: quantity, price or discount of a position is another one now."""

    NAME: ClassVar[str] = "order.item_changed.v1"

    line: Line
    totals: Totals


class ItemStatusChanged(Event):
    """Fact: so many pieces of a position went from one item status to another."""

    NAME: ClassVar[str] = "order.item_status_changed.v1"

    item_id: Name
    quantity: int
    from_status: Code
    to_status: Code
    reason_code: Code | None = None
    totals: Totals | None = None  # set when other pieces are charged: the money afterwards
    supplier: Name | None = None  # whom they are bought from, or came from
    shipment_id: Name | None = None  # set: they went with this shipment


class ReservationChanged(Event):
    """Fact: from now on so many pieces of an item are kept for the order, and where."""

    NAME: ClassVar[str] = "order.reservation_changed.v1"

    item_id: Name
    sku: Name
    kept: dict[Code, int] = Field(default_factory=dict)  # location -> pieces, none of them 0
    committed: int = 0  # pieces that have left and are not back
    missing: int = 0  # pieces that were asked for and that no location had
