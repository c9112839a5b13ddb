"""The same orders in the `eventsourcing` library's own way: its decorator, its postgres module."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError

# Generous: with its aggregate cache on, which is not its default, it reads less.
CACHED: Final = {"AGGREGATE_CACHE_MAXSIZE": "5000"}
LINES: Final = (
    {"sku": "TEA-100", "title": "Tea", "quantity": 2, "unit_price_minor": 640, "vat_bp": 2_000},
    {"sku": "CUP-1", "title": "Cup", "quantity": 1, "unit_price_minor": 1_240, "vat_bp": 2_000},
)
MOST_EVENTS: Final = 200  # in one save; with thousands the library waits for ever
MOVES: Final = 7  # of an order in a prepared log
LIMITS: Final = (timedelta(hours=3), timedelta(hours=4), timedelta(hours=6))


class Order(Aggregate):
    """An order as the library's documentation writes aggregates."""

    @event("Placed")
    def __init__(self, customer_id: str, currency: str, lines: Sequence[Any], total_minor: int):
        self.customer_id = customer_id
        self.currency = currency
        self.lines = lines
        self.total_minor = total_minor
        self.status = "new"
        self.deadlines: Sequence[datetime] = ()

    @event("StatusChanged")
    def change_status(self, to_status: str, deadlines: Sequence[datetime]) -> None:
        """Move the order."""
        self.status = to_status
        self.deadlines = deadlines


class Shop(Application[UUID]):
    """Two use cases."""

    def place(self, orders: int = 1, moves: int = 0) -> None:
        """Create an order; or many at once, moved back and forth already."""
        placed = []
        for number in range(1, orders + 1):
            order = Order("c-17", "EUR", LINES, 2_970)
            for _ in range(moves):
                order.change_status(_next(order), _deadlines())
            placed.append(order)
            if len(placed) * (moves + 1) >= MOST_EVENTS or number == orders:
                self.save(*placed)
                placed = []

    def move(self, order_id: UUID) -> None:
        """Move an order on; whoever loses against another caller tries again."""
        while True:
            order: Order = self.repository.get(order_id)
            order.change_status(_next(order), _deadlines())
            try:
                self.save(order)
            except IntegrityError:
                continue
            return


def _next(order: Order) -> str:
    return "assembled" if order.status == "assembling" else "assembling"


def _deadlines() -> list[datetime]:
    now = datetime.now(UTC)
    return [now + limit for limit in LIMITS]
