"""decide: from a state and a command to events, or to a refusal that names everything unmet.

An empty list means: already so. Runs once per command, in services.pipeline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never, cast

from domain.facts import Facts, PathKey
from domain.hints import one_of
from domain.messages import Decided, Event, Verdict
from domain.orders import commands as c
from domain.orders import decide_calls as calls
from domain.orders import decide_deadlines as deadlines
from domain.orders import decide_documents as documents
from domain.orders import decide_items as items
from domain.orders import decide_moves as moves
from domain.orders import decide_payments as payments
from domain.orders import decide_shipments as shipments
from domain.orders import events as e
from domain.orders import goods, guards, whereabouts
from domain.orders.context import Situation
from domain.orders.deadlines import deadlines_of
from domain.orders.decide_facts import record_facts
from domain.orders.draft import Draft
from domain.orders.effects import follow_up
from domain.orders.field_guards import field_may_be_edited
from domain.orders.fields import FIELDS
from domain.orders.identity import fact_id_in
from domain.orders.items import INITIAL
from domain.orders.money import check_totals
from domain.orders.order import Order
from domain.orders.path_rights import pieces_may_go, placed_payment_may_be_made
from domain.orders.price_rights import TRAVEL, delivery_may_be_changed
from domain.orders.starting import first_status, placed_payment
from domain.paths.path import OrderPath
from domain.products.pricing import Offer, price
from domain.refusals import Refusal, Unmet

Decision = Mapping[str, list[Decided]]  # by stream, the order's first


def place(
    order: Order, pinned: PathKey | None, cmd: c.PlaceOrder, facts: Facts, now: datetime
) -> Decision:
    """Create the order on a version of a path. The same order again is refused.

    pinned: the path that it names or that applies to it, None: no path does
    """
    unmet = [
        *guards.status_is_as_expected(order, cmd),
        *guards.time_is_allowed(cmd, now),
    ]
    if order.exists:
        unmet.append(
            Unmet(
                code="order_exists",
                field="order_id",
                message=f"The order {cmd.order_id} exists already",
                needed="another order_id; to repeat a command, send its command_id again",
            )
        )
    path = facts.paths.get(pinned) if pinned else None
    unmet += guards.path_is_chosen(path, cmd)
    unmet += placed_payment_may_be_made(cmd, path)
    priced = price(cmd, facts.offer, now)
    unmet += [*guards.items_stand_once(priced.lines), *priced.unmet]
    unmet += check_totals(priced.lines, priced.totals, cmd.stated if priced.is_whole else None)
    if pinned is None or path is None or unmet:
        raise Refusal(*unmet)
    at = cmd.occurred_at or now
    paid = placed_payment(cmd, priced.totals)
    asked = {name: getattr(cmd, name) for name in _PLACED_AS_ASKED}
    asked |= {"path": pinned[0], "path_version": pinned[1], "lines": priced.lines}
    asked |= {"totals": priced.totals, "discounts": priced.discounts or None}
    status = path.initial[0].status
    if path.initial[0].when is not None:
        placed = e.OrderPlaced(**asked, status=status)
        status = first_status(path, [placed, *paid], cmd, facts, at)
    event = e.OrderPlaced(**asked, status=status, deadlines=deadlines_of(path, status, at, facts))
    told = [Decided(one, at) for one in (event, *paid)]
    if path.has_effects:
        situation = Situation(cmd.order_id, order, path, cmd.actor, at, facts)
        return _with_effects(cmd, situation, told, at)
    return {cmd.stream_id: told}


_PLACED_AS_ASKED = tuple(
    name
    for name in c.PlaceOrder.model_fields
    if name in e.OrderPlaced.model_fields and name not in (*c.OrderCommand.model_fields, "lines")
)


def decide(order: Order, cmd: c.OrderCommand, facts: Facts, now: datetime) -> Decision:
    """Decide a command on an existing order (or RecordFacts, which may be its first)."""
    path = facts.paths.get(order.pinned)  # None while only items or payments are known
    if isinstance(cmd, c.RecordFacts):
        told = record_facts(order, cmd, facts, now)
        if path is None or not order.goods:
            return {cmd.stream_id: told}
        at = max(now, order.last_occurred_at or now)
        return _settled(cmd, Situation(cmd.order_id, order, path, cmd.actor, at, facts), told)
    untimely = list(guards.time_is_allowed(cmd, now))
    unmet = [*guards.status_is_as_expected(order, cmd), *untimely]
    if not order.exists:
        raise Refusal(*guards.order_exists(order, cmd.order_id), *unmet)
    if cmd.FOLLOWS_PATH and path is None:
        unmet = [*guards.path_is_pinned(order), *unmet]
    # A fact may be minutes ahead of our clock: what is decided now comes after it.
    # What else is unmet is worked out as of now where it may not be of the time that it names.
    named_at = None if untimely else cmd.occurred_at
    at = named_at or max(now, order.last_occurred_at or now)
    situation = Situation(cmd.order_id, order, path, cmd.actor, at, facts) if path else None
    events, more = _verdict(order, cast(c.Change, cmd), situation, facts.offer, at)
    if unmet or more:
        raise Refusal(*unmet, *more)
    if situation is not None and (situation.path.has_effects or order.goods):
        told = [_decided(cmd, order, event, at) for event in events]
        return _with_effects(cmd, situation, told, now)
    return {cmd.stream_id: [_decided(cmd, order, event, at) for event in events]}


def _with_effects(
    cmd: c.OrderCommand, situation: Situation, told: list[Decided], now: datetime
) -> Decision:
    """Add what the events lead to, which is decided here and now, whoever told them and of when.

    Raises: Refusal if that cannot be
    """
    now = max(situation.now, now, situation.order.last_occurred_at or now)
    situation = situation if situation.now == now else replace(situation, now=now)
    is_so = guards.tells_fact(cmd) and not isinstance(cmd, c.PlaceOrder)
    draft = Draft.of(situation, tells_fact=is_so)
    if isinstance(cmd, c.ReserveItems):
        goods.reserve_ordered(draft)
    elif isinstance(cmd, c.ExpireReservations):
        goods.release_expired(draft)
    follow_up(draft, told)
    if draft.unmet and is_so:  # It has happened, also where the order cannot follow it.
        draft = Draft.of(situation, tells_fact=True)
        follow_up(draft, told, going_on=False)
    if draft.unmet and is_so:
        return {cmd.stream_id: told}
    if draft.unmet:
        raise Refusal(*draft.unmet)
    return {cmd.stream_id: draft.decided, **draft.stock_events}


def _settled(cmd: c.RecordFacts, situation: Situation, told: list[Decided]) -> Decision:
    """Add that goods are kept as the facts pay for them, or given back if they are not needed."""
    draft = Draft.of(situation, tells_fact=True)
    for fact in told:
        draft.tell(fact)
    goods.keep_as_paid(draft, [fact.event for fact in told])
    whereabouts.settle(draft)
    return {cmd.stream_id: draft.decided, **draft.stock_events}


def _decided(cmd: c.OrderCommand, order: Order, event: Event, at: datetime) -> Decided:
    """What a carrier's word means for pieces is decided here, after all else of them."""
    if isinstance(event, e.ItemStatusChanged):
        return Decided(event, max(at, order.items[event.item_id].key[0]))
    fact = guards.tells_fact(cmd) and not isinstance(cmd, c.PlaceOrder)
    return Decided(event, at, fact_id_in(cmd.command_id, event.NAME) if fact else None)


# One branch per command: all that may be asked of an order on one page, the frequent first.
def _verdict(
    order: Order,
    cmd: c.Change,
    situation: Situation | None,
    offer: Offer | None,
    at: datetime,
) -> Verdict:
    path = situation.path if situation else None
    match cmd:
        case c.ChangeStatus() | c.CancelOrder() | c.ApproveMove():
            return moves.decide(situation, cmd)
        case c.SubmitPayment() | c.PaymentCommand() | c.GrantRefund():
            return payments.decide(order, cmd, path)
        case c.ItemCommand():
            return items.decide(order, cmd, path, offer)
        case c.CreateShipment() | c.TrackShipment() | c.MoveShipment():
            return shipments.decide(order, cmd, path, at)
        case c.MoveDocument():
            return documents.move(order, cmd)
        case c.DeadlineCommand():
            return deadlines.decide(situation, cmd)
        case c.ReserveItems():
            return [], [*_may_be_reserved(order, cmd, path)]
        case c.ExpireReservations():  # Also of a path that keeps none any more.
            return [], [] if order.goods else [*guards.stock_is_kept(path)]
        case c.ChangeFields():
            return _change_fields(order, cmd, path, offer)
        case c.AssignOwner():
            return _assign_owner(order, cmd)
        case c.AddNote():
            return [e.NoteAdded(text=cmd.text)], []
        case c.LogCall():
            return calls.log_call(order, cmd, at)
        case c.MarkTest():
            return ([] if order.test == cmd.test else [e.TestFlagChanged(test=cmd.test)]), []
        case c.CorrectFact():
            return _correct(order, cmd)
        case _:
            assert_never(cmd)


def _may_be_reserved(order: Order, cmd: c.ReserveItems, path: OrderPath | None) -> Iterator[Unmet]:
    yield from guards.not_final(order, path)
    yield from guards.stock_is_kept(path)
    if path is not None and any(INITIAL in item.pieces for item in order.items.values()):
        yield from pieces_may_go([(INITIAL, goods.RESERVED)], path, cmd.actor)


def _change_fields(
    order: Order, cmd: c.ChangeFields, path: OrderPath | None, offer: Offer | None
) -> Verdict:
    unmet = list(guards.not_final(order, path))
    if not cmd.wanted:
        message = "No field is named that should change"
        needed = "one of " + ", ".join(FIELDS)
        return [], [*unmet, Unmet(code="nothing_to_change", message=message, needed=needed)]
    changed = [n for n in cmd.wanted if getattr(cmd, n) != order.field_value(n)]
    if not changed:
        return [], []
    values: dict[str, Any] = {name: getattr(cmd, name) for name in changed}
    if path is not None:
        for name in changed:
            unmet += field_may_be_edited(order, path, cmd.actor, name)
        if not TRAVEL.isdisjoint(changed):
            unmet += delivery_may_be_changed(order, path, cmd, offer)
    return [e.FieldsChanged(changed=tuple(changed), **values)], unmet


def _assign_owner(order: Order, cmd: c.AssignOwner) -> Verdict:
    if (cmd.user, cmd.group) == (order.owner_user, order.owner_group):
        return [], []
    event = e.OwnerAssigned(
        user=cmd.user,
        group=cmd.group,
        previous_user=order.owner_user,
        previous_group=order.owner_group,
    )
    return [event], []


def _correct(order: Order, cmd: c.CorrectFact) -> Verdict:
    """Annul a fact. Twice is nothing new: the fact no longer counts."""
    if cmd.version in order.annulled:
        return [], []
    unmet: list[Unmet] = []
    name = order.correctable.get(cmd.version)
    if name is None:
        unmet.append(
            Unmet(
                code="fact_not_correctable",
                field="version",
                message=f"Event {cmd.version} of the order is no fact that stands",
                needed=one_of(map(str, order.correctable), "nothing: no fact of the order stands"),
            )
        )
    unmet += guards.is_said("reason", cmd.reason, "A correction")
    if unmet:
        return [], unmet
    event = e.FactAnnulled(
        annulled_version=cmd.version, annulled_type=name or "", reason=cmd.reason or ""
    )
    return [event], []
