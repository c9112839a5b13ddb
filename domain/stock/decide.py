"""decide: from a stock and a wish to events, or to everything that stands against it.

services.pipeline decides commands here. What an order does to a stock (reserve, keep, release,
commit, restock) is decided by the order's own decision, which appends the events of both: it
calls these functions one after another, each on `stock.after(…)` the one before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never, cast

from domain.guards import no_status_is_expected
from domain.messages import Decided
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal, Unmet
from domain.stock import commands as c
from domain.stock import events as e
from domain.stock import guards
from domain.stock.stock import ItemRef, Stock

Verdict = tuple[list[Decided], list[Unmet]]  # events, and what stands against them


def decide(stock: Stock, cmd: c.StockCommand, now: datetime) -> list[Decided]:
    """Decide a command. Raises: Refusal with every unmet condition."""
    unmet = [*no_status_is_expected(cmd, "A stock"), *time_is_allowed(cmd, now)]
    events, more = _decided(stock, cast(c.StockWish, cmd), now)
    if unmet or more:
        raise Refusal(*unmet, *more)
    return events


def _decided(stock: Stock, cmd: c.StockWish, now: datetime) -> Verdict:
    match cmd:
        case c.ReceiveStock(quantity=quantity):
            received = e.StockReceived(quantity=quantity, supplier=cmd.supplier)
            return _verdict(stock, received, now, [*guards.has_room(stock, quantity, "quantity")])
        case c.AdjustStock():
            return _adjust(stock, cmd, now)
        case c.SetThreshold(threshold=threshold):
            if threshold == stock.level.threshold:
                return [], []
            return _verdict(stock, e.ThresholdSet(threshold=threshold), now, [])
        case _:
            assert_never(cmd)


def _adjust(stock: Stock, cmd: c.AdjustStock, now: datetime) -> Verdict:
    """What was counted is so, also if less is there than is reserved."""
    difference = cmd.difference
    if difference is None:
        difference = (cmd.counted or 0) - stock.level.on_hand
    if not difference:
        return [], []
    adjusted = e.StockAdjusted(
        difference=difference, counted=cmd.counted, reason_code=cmd.reason_code
    )
    unmet = [
        *guards.pieces_are_there(stock, -difference, "difference"),
        *guards.has_room(stock, difference, "difference"),
    ]
    return _verdict(stock, adjusted, now, unmet)


def reserve(
    stock: Stock, item: ItemRef, quantity: int, expires_at: datetime | None, now: datetime
) -> Verdict:
    """Keep pieces for an item until a moment, and its earlier ones here as long; None: for good."""
    event = e.StockReserved(**item._asdict(), quantity=quantity, expires_at=expires_at)
    return _verdict(stock, event, now, [*guards.pieces_are_available(stock, item, quantity)])


def keep(stock: Stock, item: ItemRef, expires_at: datetime | None, now: datetime) -> Verdict:
    """Keep what is reserved for an item until another moment; None: for good, as once paid."""
    held = stock.reserved_for(item.order_id).get(item.item_id)
    if held is not None and held.expires_at == expires_at:
        return [], []
    event = e.ExpiryChanged(**item._asdict(), expires_at=expires_at)
    return _verdict(stock, event, now, [*guards.pieces_are_reserved(stock, item, 1)])


def release(
    stock: Stock, item: ItemRef, quantity: int, why: e.ReleaseReason, now: datetime
) -> Verdict:
    """Give reserved pieces back to everybody."""
    event = e.StockReleased(**item._asdict(), quantity=quantity, why=why)
    return _verdict(stock, event, now, [*guards.pieces_are_reserved(stock, item, quantity)])


def commit(stock: Stock, item: ItemRef, quantity: int, now: datetime) -> Verdict:
    """Write off reserved pieces: they leave."""
    event = e.StockCommitted(**item._asdict(), quantity=quantity)
    unmet = [
        *guards.pieces_are_reserved(stock, item, quantity),
        *guards.pieces_are_there(stock, quantity),
    ]
    return _verdict(stock, event, now, unmet)


def restock(stock: Stock, item: ItemRef, quantity: int, now: datetime) -> Verdict:
    """Take back pieces of an item, at whatever location they came back to.

    That the order had sent so many is for its own decision to know.
    """
    event = e.StockRestocked(**item._asdict(), quantity=quantity)
    return _verdict(stock, event, now, [*guards.has_room(stock, quantity)])


def _verdict(stock: Stock, event: e.StockEvent, now: datetime, unmet: list[Unmet]) -> Verdict:
    return ([], unmet) if unmet else (_told(stock, [event], now), [])


def _told(stock: Stock, events: Sequence[e.StockEvent], now: datetime) -> list[Decided]:
    """Give the events, and behind them that too few are available if nobody was told yet."""
    at = max(now, stock.last_occurred_at or now)
    level = stock.level
    for event in events:
        level = level.evolve(event, at)
    decided = [Decided(event, at) for event in events]
    if level.is_below and level.below_since is None:
        told = e.StockBelowThreshold(available=level.available, threshold=level.threshold or 0)
        decided.append(Decided(told, at))
    return decided
