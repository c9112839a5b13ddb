"""Facts from elsewhere become events. They happened: nothing is refused for contradicting
the path, it is recorded with the reason; what is already known is left out.
"""

from collections.abc import Iterable, Set
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from domain.facts import Facts
from domain.messages import Decided, Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.facts import MAX_RANK
from domain.orders.ledger import Kind
from domain.orders.order import Order
from domain.orders.timeline import Entry, insert, key_of
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet

PinnedPath = tuple[str, int, OrderPath]


def record_facts(order: Order, cmd: c.RecordFacts, facts: Facts, now: datetime) -> list[Decided]:
    """Turn the facts that are new into events, in timeline order."""
    pinned = _pinned(order, cmd, facts)
    fresh = _fresh(order, cmd.facts)
    unmet = [
        *guards.status_is_as_expected(order, cmd),
        *_path_is_known(pinned, cmd),
        *_unreadable(pinned, cmd, {f.fact_id for f in fresh}, now),
    ]
    if pinned is None or unmet:
        raise Refusal(*unmet)
    timeline, decided = order.timeline, []
    for fact in sorted(fresh, key=_moment):
        before = _status_before(timeline, fact)
        event = _event(fact, pinned, before)
        decided.append(Decided(event, fact.occurred_at, fact.fact_id))
        if isinstance(fact, c.StatusFact | c.PlacedFact):
            entry = Entry(key_of(fact.occurred_at, 0, fact.rank, fact.fact_id), 0, fact.status)
            timeline = insert(timeline, entry)
    return decided


def _pinned(order: Order, cmd: c.RecordFacts, facts: Facts) -> PinnedPath | None:
    """The order's own path, or the latest version of the one that the import names."""
    if order.path:
        name, version = order.path, order.path_version
    else:
        name = cmd.path
        version = max((v for n, v in facts.paths if n == name), default=0)
    path = facts.paths.get((name, version))
    return None if path is None else (name, version, path)


def _fresh(order: Order, facts: Iterable[c.Fact]) -> list[c.Fact]:
    seen = set(order.fact_ids)
    fresh = []
    for fact in facts:
        if fact.fact_id not in seen:
            seen.add(fact.fact_id)
            fresh.append(fact)
    return fresh


def _moment(fact: c.Fact) -> tuple[datetime, int, str]:
    """At the same second the order is placed first, its items and payments follow."""
    rank = fact.rank if isinstance(fact, c.StatusFact | c.PlacedFact) else MAX_RANK + 1
    return (fact.occurred_at, rank, str(fact.fact_id))


def _path_is_known(pinned: PinnedPath | None, cmd: c.RecordFacts) -> list[Unmet]:
    if pinned is not None:
        return []
    return [Unmet(code="path_unknown", field="path", message=f"No path {cmd.path} is published")]


def _unreadable(
    pinned: PinnedPath | None, cmd: c.RecordFacts, fresh: Set[UUID], now: datetime
) -> list[Unmet]:
    """What cannot be a fact of this path at all: unknown statuses, times to come."""
    unmet = []
    for n, fact in enumerate(cmd.facts):
        if fact.fact_id not in fresh:
            continue
        if fact.occurred_at > now + guards.MAX_AHEAD:
            message = f"{fact.occurred_at.isoformat()} has not come yet"
            unmet.append(
                Unmet(code="time_in_future", field=f"facts.{n}.occurred_at", message=message)
            )
        if pinned and isinstance(fact, c.StatusFact | c.PlacedFact):
            unmet += guards.status_is_known(pinned[2], fact.status, f"facts.{n}.status")
    return unmet


def _status_before(timeline: tuple[Entry, ...], fact: c.Fact) -> str | None:
    if not isinstance(fact, c.StatusFact):
        return None
    key = key_of(fact.occurred_at, 0, fact.rank, fact.fact_id)
    earlier = [entry for entry in timeline if entry.key < key]
    return earlier[-1].status if earlier else None


def _event(fact: c.Fact, pinned: PinnedPath, before: str | None) -> Event:
    name, version, path = pinned
    match fact:
        case c.PlacedFact():
            return e.OrderPlaced(
                path=name,
                path_version=version,
                status=fact.status,
                rank=fact.rank,
                order_type=fact.order_type,
                channel=fact.channel,
                shop=fact.shop,
                customer=fact.customer,
                delivery=fact.delivery,
                currency=fact.currency,
                **_told(fact),
            )
        case c.StatusFact():
            against = _against(path, before, fact.status)
            return e.StatusRecorded(
                path=name,
                path_version=version,
                to_status=fact.status,
                rank=fact.rank,
                time_source=fact.time_source,
                conforming=not against,
                nonconforming=against,
                **_told(fact),
            )
        case c.SourceStatusFact():
            return e.SourceStatusNoted(source_status=fact.source_status)
        case c.ItemFact():
            return e.ItemAdded(line=fact.line, delivery_minor=fact.delivery_minor)
        case c.PaymentFact():
            return _payment(fact)


def _told(fact: e.Told) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in e.Told.model_fields}


def _payment(fact: c.PaymentFact) -> Event:
    if fact.movement == "submitted":
        return e.PaymentSubmitted(
            payment_id=fact.payment_id,
            method=fact.method or "unknown",
            amount_minor=fact.amount_minor,
            currency=fact.currency,
            installments=fact.installments,
        )
    event_type = _MOVEMENTS[fact.movement]
    return event_type(
        payment_id=fact.payment_id, amount_minor=fact.amount_minor, currency=fact.currency
    )


_MOVEMENTS: dict[Kind, type[e.PaymentMovement]] = {
    event_type.KIND: event_type for event_type in get_args(e.PaymentMovement)
}


def _against(path: OrderPath, before: str | None, status: str) -> tuple[str, ...]:
    """Name what the path would have said against this move, had it been asked."""
    if before is None:
        starts = {start.status for start in path.initial}
        return () if status in starts else ("not_an_initial_status",)
    return () if (before, status) in path.matrix else ("transition_not_allowed",)
