"""A decision in the making: the order and the stocks as they will be after what is decided so far.

What a command leads to besides (effects, reservations) is decided on a draft, step by step.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.facts import Facts
from domain.messages import Decided, Event, Foreseen
from domain.orders.context import Situation
from domain.orders.order import Order
from domain.paths.conditions import MAX_OPERATIONS
from domain.paths.path import OrderPath
from domain.refusals import Unmet
from domain.stock.decide import Verdict
from domain.stock.events import stream_of as stock_stream
from domain.stock.stock import Stock


@dataclass(slots=True)
class Draft:
    """What is decided so far, for the order and for every stock that it touches."""

    situation: Situation  # from which it began
    order: Order
    decided: list[Decided] = field(default_factory=list)  # of the order
    stocks: dict[str, Stock] = field(default_factory=dict)  # as they will be, by stream
    stock_events: dict[str, list[Decided]] = field(default_factory=dict)  # by stream
    unmet: list[Unmet] = field(default_factory=list)
    budget: int = MAX_OPERATIONS  # of all conditions on what the order follows
    tells_fact: bool = False  # What a fact leads to is so, however little the books know of it.

    @classmethod
    def of(cls, situation: Situation, *, tells_fact: bool = False) -> "Draft":
        """Begin with an order as it is."""
        return cls(situation, situation.order, tells_fact=tells_fact)

    @property
    def order_id(self) -> UUID:
        return self.situation.order_id

    @property
    def path(self) -> OrderPath:
        return self.situation.path

    @property
    def at(self) -> datetime:
        return self.situation.now

    @property
    def facts(self) -> Facts:
        return self.situation.facts

    def add(self, event: Event) -> None:
        """Let something happen to the order, now."""
        self.tell(Decided(event, self.at))

    def tell(self, decided: Decided) -> None:
        """Let something happen to the order at its own time, as a fact does."""
        self.decided.append(decided)
        version = self.order.version + 1
        self.order = self.order.evolve(
            Foreseen(decided.event, version, decided.occurred_at, decided.fact_id)
        )

    def stock(self, sku: str, location: str) -> Stock:
        """Give a stock as it will be."""
        stream = stock_stream(sku, location=location)
        return self.stocks.get(stream) or self.facts.stocks[stream]

    def take(self, sku: str, location: str, verdict: Verdict) -> None:
        """Let happen to a stock what was decided on it, or note what stands against it."""
        decided, unmet = verdict
        self.unmet += unmet
        if decided:
            stream = stock_stream(sku, location=location)
            self.stocks[stream] = self.stock(sku, location).after(decided)
            self.stock_events.setdefault(stream, []).extend(decided)
