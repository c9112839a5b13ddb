"""Facts from elsewhere become events. They happened: nothing is refused for contradicting
the path, it is recorded with the reason; what is already known is left out,
unless it says something else now.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Set
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.facts import Facts
from domain.messages import Decided, Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.fingerprint import fingerprint
from domain.orders.moves import status_is_known
from domain.orders.order import Order
from domain.orders.timeline import Entry, insert
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet

PinnedPath = tuple[str, int, OrderPath]


def record_facts(order: Order, cmd: c.RecordFacts, facts: Facts, now: datetime) -> list[Decided]:
    """Turn the facts that are new into events, in timeline order."""
    pinned = _pinned(order, cmd, facts)
    fresh = _fresh(order, cmd.facts)
    unmet = [
        *guards.facts_come_from_outside(cmd),
        *guards.status_is_as_expected(order, cmd),
        *guards.path_is_published(pinned and pinned[2], cmd.path),
        *(guards.path_is_the_orders(order, cmd.path) if fresh else ()),
        *_unreadable(pinned, cmd, {f.fact_id for f in fresh}, now),
        *(_told_differently(order, cmd, pinned) if pinned else ()),
    ]
    if pinned is None or unmet:
        raise Refusal(*unmet)
    timeline, decided = order.timeline, []
    for fact in sorted(fresh, key=attrgetter("timeline_key")):
        before = _status_before(timeline, fact)
        event = _event(fact, pinned, before)
        decided.append(Decided(event, fact.occurred_at, fact.fact_id))
        if isinstance(fact, c.StatusFact | c.PlacedFact):
            timeline = insert(timeline, Entry(fact.timeline_key, 0, fact.status))
    return decided


def _pinned(order: Order, cmd: c.RecordFacts, facts: Facts) -> PinnedPath | None:
    """The order's own path, or the latest version of the one that the import names."""
    if order.path:
        name, version = order.pinned
    else:
        name = cmd.path
        version = max((v for n, v in facts.paths if n == name), default=0)
    path = facts.paths.get((name, version))
    return None if path is None else (name, version, path)


def _fresh(order: Order, facts: Iterable[c.Fact]) -> list[c.Fact]:
    seen = set(order.facts)
    fresh = []
    for fact in facts:
        if fact.fact_id not in seen:
            seen.add(fact.fact_id)
            fresh.append(fact)
    return fresh


def _told_differently(order: Order, cmd: c.RecordFacts, pinned: PinnedPath) -> Iterator[Unmet]:
    """The first telling of a fact counts, and another one is not passed over in silence."""
    said = dict(order.facts)
    for n, fact in enumerate(cmd.facts):
        now = fingerprint(_event(fact, pinned, None), fact.occurred_at)
        if said.setdefault(fact.fact_id, now) != now:
            yield Unmet(
                code="fact_told_differently",
                field=f"facts.{n}",
                message=f"The fact {fact.fact_id} is known, with another content",
                needed="leave it out; annul the known one first, if it is the wrong one, and tell "
                "the right one with an id of its own",
            )


def _unreadable(
    pinned: PinnedPath | None, cmd: c.RecordFacts, fresh: Set[UUID], now: datetime
) -> list[Unmet]:
    """What cannot be a fact of this path at all: unknown statuses, times to come."""
    unmet: list[Unmet] = []
    for n, fact in enumerate(cmd.facts):
        if fact.fact_id not in fresh:
            continue
        unmet += guards.moment_has_come(fact.occurred_at, now, f"facts.{n}.occurred_at")
        if pinned and isinstance(fact, c.StatusFact | c.PlacedFact):
            unmet += status_is_known(pinned[2], fact.status, f"facts.{n}.status")
    return unmet


def _status_before(timeline: tuple[Entry, ...], fact: c.Fact) -> str | None:
    if not isinstance(fact, c.StatusFact):
        return None
    at = bisect_left(timeline, fact.timeline_key, key=attrgetter("key"))
    return timeline[at - 1].status if at else None


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
            against = path.against(before, fact.status)
            return e.StatusRecorded(
                path=name,
                path_version=version,
                to_status=fact.status,
                rank=fact.rank,
                time_source=fact.time_source,
                conforming=not against,
                nonconforming=(against,) if against else (),
                **_told(fact),
            )
        case c.SourceStatusFact():
            return e.SourceStatusNoted(source_status=fact.source_status)
        case c.ItemFact():
            return e.ItemAdded(
                line=fact.line, delivery_minor=fact.delivery_minor, currency=fact.currency
            )
        case c.PaymentFact():
            return _payment(fact)


def _told(fact: e.Told) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in e.Told.model_fields}


def _payment(fact: c.PaymentFact) -> Event:
    body: dict[str, Any] = {
        "payment_id": fact.payment_id,
        "amount_minor": fact.amount_minor,
        "currency": fact.currency,
        **_told(fact),
    }
    if fact.movement == "submitted":
        body |= {"method": fact.method or "unknown", "installments": fact.installments}
    return e.PAYMENT_EVENTS[fact.movement](**body)
