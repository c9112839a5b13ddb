"""Orders of a test, told as facts: where each was, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.messages import Actor, Outcome
from domain.orders import commands as c
from domain.orders.events import TimeSource
from domain.orders.money import Line
from services.bootstrap import System

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
IMPORT: Final = Actor(kind="import", id="test")
RANKS: Final = ("placed", "approved", "shipped", "delivered", "canceled", "unavailable")


def after(**duration: float) -> datetime:
    """Give a moment of the test's year."""
    return START + timedelta(**duration)


def order_id(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def fact_id(*parts: object) -> UUID:
    return uuid5(NAMESPACE_OID, repr(parts))


def tell(
    system: System,
    name: str,
    *stays: tuple[str, datetime],
    derived: tuple[str, ...] = (),
    price_minor: int = 1_000,
    currency: str = "EUR",
) -> UUID:
    """Record an order that entered these statuses; the first stay places it."""
    facts: list[c.Fact] = []
    for number, (status, at) in enumerate(stays):
        time_source: TimeSource = "derived" if status in derived else "recorded"
        common: dict[str, Any] = {
            "fact_id": fact_id(name, status, at),
            "occurred_at": at,
            "status": status,
            "rank": RANKS.index(status),
        }
        if number == 0:
            facts.append(c.PlacedFact(**common, external_id=name, currency=currency))
            line = Line(item_id="1", sku="A", title="A", quantity=1, unit_price_minor=price_minor)
            facts.append(c.ItemFact(fact_id=fact_id(name, "item"), occurred_at=at, line=line))
        else:
            facts.append(c.StatusFact(**common, time_source=time_source))
    command = c.RecordFacts(
        command_id=fact_id(name, "command", stays),
        actor=IMPORT,
        order_id=order_id(name),
        path="olist",
        facts=tuple(facts),
    )
    outcome: Outcome = system.execute(command)
    assert outcome.kind == "accepted", outcome
    return order_id(name)
