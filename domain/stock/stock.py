"""The state of a stock and how events change it. evolve never refuses and looks nothing up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, assert_never, cast
from uuid import UUID

from domain.messages import Decided, Happened
from domain.stock import events as e


@dataclass(frozen=True, slots=True)
class Level:
    """How many pieces there are, and how many of them are reserved.

    What was counted is a fact, so `on_hand` may fall under what is reserved: then nothing is
    available, and `short` says how many reserved pieces are not there.
    """

    on_hand: int = 0
    reserved: int = 0
    threshold: int | None = None
    below_since: datetime | None = None  # since purchasing was told

    @property
    def available(self) -> int:
        return max(self.on_hand - self.reserved, 0)

    @property
    def short(self) -> int:
        return max(self.reserved - self.on_hand, 0)

    @property
    def is_below(self) -> bool:
        return self.threshold is not None and self.available < self.threshold

    def moved(self, *, on_hand: int = 0, reserved: int = 0) -> "Level":
        """Give the level with so many pieces more, below zero: fewer."""
        return Level(  # A third of the time of dataclasses.replace, many times a decision.
            self.on_hand + on_hand, self.reserved + reserved, self.threshold, self.below_since
        )

    def evolve(self, event: e.StockEvent, at: datetime) -> "Level":
        """Give the level after one more event."""
        level = _moved(self, event, at)
        if level.below_since is not None and not level.is_below:
            return replace(level, below_since=None)
        return level


class ItemRef(NamedTuple):
    """The position of an order that pieces are kept for."""

    order_id: UUID
    item_id: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """Pieces that are kept for one item of an order."""

    quantity: int  # never zero
    reserved_at: datetime  # the first of them
    expires_at: datetime | None = None  # None: never

    def is_due(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


Items = Mapping[str, Reservation]  # by item id


@dataclass(frozen=True, slots=True)
class Stock:
    """One article at one location as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    level: Level = Level()
    reservations: Mapping[UUID, Items] = field(default_factory=dict)  # by order id
    subject_id: str | None = None  # a stock belongs to no person

    def reserved_for(self, order_id: UUID) -> Items:
        """Give what is reserved for an order here; empty if nothing is."""
        return self.reservations.get(order_id, {})

    def evolve(self, happened: Happened) -> "Stock":
        """Give the stock after one more event."""
        event = cast(e.StockEvent, happened.event)
        return self._next(event, happened.occurred_at, happened.version)

    def after(self, decided: Sequence[Decided]) -> "Stock":
        """Give the stock as it will be once these are in the log: for the next decision on it."""
        stock = self
        for one in decided:
            event = cast(e.StockEvent, one.event)
            stock = stock._next(event, one.occurred_at, stock.version + 1)
        return stock

    def _next(self, event: e.StockEvent, at: datetime, version: int) -> "Stock":
        reservations = self.reservations
        if isinstance(event, e.ReservedPieces):
            reservations = _with_item(reservations, event, at)
        return Stock(version, at, self.level.evolve(event, at), reservations)


# One branch per event of the catalog.
def _moved(level: Level, event: e.StockEvent, at: datetime) -> Level:
    match event:
        case e.StockReceived(quantity=pieces) | e.StockRestocked(quantity=pieces):
            return level.moved(on_hand=pieces)
        case e.StockAdjusted(difference=pieces):
            return level.moved(on_hand=pieces)
        case e.StockReserved(quantity=pieces):
            return level.moved(reserved=pieces)
        case e.StockReleased(quantity=pieces):
            return level.moved(reserved=-pieces)
        case e.StockCommitted(quantity=pieces):
            return level.moved(on_hand=-pieces, reserved=-pieces)
        case e.ThresholdSet(threshold=threshold):
            return replace(level, threshold=threshold)
        case e.StockBelowThreshold():
            return replace(level, below_since=at)
        case e.ExpiryChanged():
            return level
        case _:
            assert_never(event)


def _with_item(
    reservations: Mapping[UUID, Items], event: e.ReservedPieces, at: datetime
) -> Mapping[UUID, Items]:
    items = dict(reservations.get(event.order_id, {}))
    after = kept(items.pop(event.item_id, None), event, at)
    if after is not None:
        items[event.item_id] = after
    orders = dict(reservations)
    if items:
        orders[event.order_id] = items
    else:
        orders.pop(event.order_id, None)
    return orders


def kept(held: Reservation | None, event: e.ReservedPieces, at: datetime) -> Reservation | None:
    """Give the pieces that are kept for an item after one more event; None: none are."""
    if isinstance(event, e.StockReserved):
        first_at, before = (held.reserved_at, held.quantity) if held else (at, 0)
        return Reservation(before + event.quantity, first_at, event.expires_at)
    if held is None:  # Decisions see to it that there is something; evolve does not ask.
        return None
    if isinstance(event, e.ExpiryChanged):
        return replace(held, expires_at=event.expires_at)
    left = held.quantity - event.quantity
    return replace(held, quantity=left) if left else None
