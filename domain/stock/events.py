"""Everything that can have happened to the stock of one article at one location.

Quantities are whole pieces. Article and location are what the stream is named after; when it
happened stands in the envelope (occurred_at).
"""

from typing import Annotated, ClassVar, Final, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.messages import Code, Event, Name

MAX_PIECES: Final = 10**9  # of one article at one location
Pieces = Annotated[int, Field(ge=1, le=MAX_PIECES)]
Count = Annotated[int, Field(ge=0, le=MAX_PIECES)]
Difference = Annotated[int, Field(ge=-MAX_PIECES, le=MAX_PIECES)]
ReleaseReason = Literal["cancelled", "expired", "moved", "shortened"]


class StockReceived(Event):
    """Fact: goods came in."""

    NAME: ClassVar[str] = "stock.received.v1"

    quantity: Pieces
    supplier: Name | None = None  # who sent them


class StockAdjusted(Event):
    """Fact: there are more or fewer pieces than the books said."""

    NAME: ClassVar[str] = "stock.adjusted.v1"

    difference: Difference  # pieces, below zero: fewer
    counted: Count | None = None  # pieces that were found; None: only the difference is known
    reason_code: Code


class ReservationEvent(Event):
    """What everything says that happens to the pieces of one item of an order."""

    order_id: UUID
    item_id: Name


class StockReserved(ReservationEvent):
    """Fact: pieces are kept for an item, nobody else gets them."""

    NAME: ClassVar[str] = "stock.reserved.v1"

    quantity: Pieces
    expires_at: AwareDatetime | None = None  # for all pieces of the item here; None: never


class ExpiryChanged(ReservationEvent):
    """Fact: what is reserved for an item is kept until another moment, as after a payment."""

    NAME: ClassVar[str] = "stock.expiry_changed.v1"

    expires_at: AwareDatetime | None = None  # None: never


class StockReleased(ReservationEvent):
    """Fact: reserved pieces are there for everybody again."""

    NAME: ClassVar[str] = "stock.released.v1"

    quantity: Pieces
    why: ReleaseReason


class StockCommitted(ReservationEvent):
    """Fact: reserved pieces have left, they are written off."""

    NAME: ClassVar[str] = "stock.committed.v1"

    quantity: Pieces


class StockRestocked(ReservationEvent):
    """Fact: pieces of an item came back and can be sold again."""

    NAME: ClassVar[str] = "stock.restocked.v1"

    quantity: Pieces


class ThresholdSet(Event):
    """Fact: purchasing wants to know when fewer pieces than this are available."""

    NAME: ClassVar[str] = "stock.threshold_set.v1"

    threshold: Count | None = None  # pieces, None: nobody wants to know


class StockBelowThreshold(Event):
    """Fact: fewer pieces than the threshold are available. Once, until they are enough again."""

    NAME: ClassVar[str] = "stock.below_threshold.v1"

    available: Count  # pieces
    threshold: Count  # pieces


ReservedPieces = StockReserved | ExpiryChanged | StockReleased | StockCommitted

StockEvent = (
    StockReceived
    | StockAdjusted
    | StockReserved
    | ExpiryChanged
    | StockReleased
    | StockCommitted
    | StockRestocked
    | ThresholdSet
    | StockBelowThreshold
)

STOCK_EVENTS: tuple[type[Event], ...] = get_args(StockEvent)


def stream_of(sku: str, *, location: str) -> str:
    """Give the stream of an article at a location.

    A location is a code and holds no colon: the first one ends it, whatever the SKU is made of.
    """
    return f"stock-{location}:{sku}"


def place_of(stream_id: str) -> tuple[str, str]:
    """Give location and SKU of a stream, as they went into stream_of."""
    location, _, sku = stream_id.removeprefix("stock-").partition(":")
    return location, sku
