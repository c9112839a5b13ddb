"""What people, programs and carriers may ask of an order's shipments."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from domain.messages import Code, Name
from domain.orders.money import Quantity
from domain.orders.order_command import OrderCommand
from domain.orders.shipment_events import Reached

MAX_PACKED = 500  # items in one shipment


def _by_item(pieces: dict[str, int]) -> dict[str, int]:
    return dict(sorted(pieces.items()))


Packed = Annotated[  # item id -> pieces; in what order is none of its meaning
    dict[Name, Quantity], Field(min_length=1, max_length=MAX_PACKED), AfterValidator(_by_item)
]


class CreateShipment(OrderCommand):
    """Plan that pieces travel together. They stay where they are until it is handed over."""

    NAME: ClassVar[str] = "order.create_shipment"
    FOLLOWS_PATH: ClassVar[bool] = True

    shipment_id: Name | None = None  # None: a new one
    carrier: Name
    track_number: Name | None = None
    pieces: Packed | None = None  # None: all that may be shipped and are in no shipment


class TrackShipment(OrderCommand):
    """Set the number by which the carrier knows a shipment."""

    NAME: ClassVar[str] = "order.track_shipment"

    shipment_id: Name
    track_number: Name


class MoveShipment(OrderCommand):
    """Bring a shipment further, by a person or as the carrier's callback; its pieces follow."""

    NAME: ClassVar[str] = "order.move_shipment"
    MAY_BE_FACT: ClassVar[bool] = True

    shipment_id: Name
    to_status: Reached
    carrier_ref: Name | None = None  # the same reference and status twice is the same movement
    reason_code: Code | None = None


ShipmentCommand = CreateShipment | TrackShipment | MoveShipment
