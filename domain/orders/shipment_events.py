"""What can have happened to an order's shipments. Quantities are whole pieces."""

from typing import ClassVar, Literal

from domain.messages import Code, Event, Name

# Where a shipment may come to, from the least to the most advanced.
Reached = Literal[
    "handed_over", "in_transit", "at_pickup_point", "delivered", "lost", "returned", "cancelled"
]


class ShipmentEvent(Event):
    """What all events of one shipment say."""

    shipment_id: Name


class ShipmentCreated(ShipmentEvent):
    """Fact: somebody planned that these pieces travel together."""

    NAME: ClassVar[str] = "order.shipment_created.v1"

    carrier: Name
    track_number: Name | None = None
    pieces: dict[Name, int]  # item id -> pieces


class ShipmentTracked(ShipmentEvent):
    """Fact: this is the number by which the carrier knows it."""

    NAME: ClassVar[str] = "order.shipment_tracked.v1"

    track_number: Name


class ShipmentMoved(ShipmentEvent):
    """Fact: the shipment came so far. What became of its pieces stands beside it."""

    NAME: ClassVar[str] = "order.shipment_moved.v1"

    to_status: Reached
    carrier_ref: Name | None = None  # the carrier's own id of this movement
    reason_code: Code | None = None
    pieces: dict[Name, int] | None = None  # what is in it, if others were taken out meanwhile
