"""What a command leads to besides, in the same decision: what entering a status does, goods that
are no longer needed, and an order that follows its items.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from domain.messages import Decided, Event
from domain.orders import events as e
from domain.orders import goods
from domain.orders.context import Situation
from domain.orders.deadlines import out_of_reach
from domain.orders.decide_items import moved
from domain.orders.draft import Draft
from domain.orders.entering import entering
from domain.orders.item_guards import free_pieces
from domain.orders.items import COMING_BACK, GONE, INITIAL, ITEM_MOVES, all_have_come_to
from domain.orders.moves import documents_are_there, guards_hold, rule_of
from domain.paths.asking import asked_for
from domain.paths.statuses import ItemEffect, OnEnter
from domain.paths.transitions import Follow
from domain.refusals import Unmet


def against_effects(situation: Situation, target: str) -> list[Unmet]:
    """List everything that stands against what a move leads to, whether the move is open or not."""
    path, source = situation.path, situation.status
    unmet: list[Unmet] = []
    if target in path.statuses and path.has_effects:
        draft = Draft.of(situation)
        moved_on = e.StatusChanged(from_status=source, to_status=target)
        follow_up(draft, [Decided(moved_on, situation.now)])
        unmet += draft.unmet
    if target in path.statuses and path.calendars:
        unmet += out_of_reach(path, target, situation.now, situation.facts)
    return unmet


def follow_up(draft: Draft, told: Sequence[Decided]) -> None:
    """Let what was decided, or is told, happen to a draft, with all that it leads to now.

    It ends: the rules of `follow` lead round in no circle, so each is followed once at most.
    """
    for one in told:
        draft.tell(one)
        _effect_of(draft, one.event)
    if any(isinstance(one.event, e.ItemStatusChanged) for one in draft.decided):
        for _ in draft.path.follow:
            follow = _to_follow(draft)
            if follow is None or not _enter(draft, follow):
                break
    goods.settle(draft)


def _effect_of(draft: Draft, event: Event) -> None:
    match event:
        case e.StatusChanged(to_status=status) | e.OrderPlaced(status=status):
            entered = draft.path.statuses[status].on_enter
            if entered is not None:
                _apply(draft, entered)
        case e.ItemStatusChanged(to_status=goods.RESERVED):
            goods.reserve_pieces(draft, event)
        case e.ItemStatusChanged() if event.to_status in COMING_BACK:
            goods.take_back(draft, event.item_id, event.quantity)
        case e.ItemStatusChanged() if event.to_status in GONE:
            goods.write_off(draft, event)
        case e.ItemStatusChanged(to_status=status, from_status=source) if source in GONE:
            if status == INITIAL:
                goods.ask_for_another(draft, event)
        case e.PaymentSubmitted() | e.PaymentCharged() | e.PaymentAuthorised():
            goods.keep_as_paid(draft)
        case _:
            pass


def _apply(draft: Draft, entered: OnEnter) -> None:
    match entered.stock:
        case "reserve":
            goods.reserve_ordered(draft)
        case "commit":
            goods.commit_all(draft)
        case "release":
            goods.release_all(draft, "cancelled")
        case None:
            pass
        case _:
            assert_never(entered.stock)
    if entered.items is not None and not (entered.stock and entered.items.to == goods.RESERVED):
        _bring(draft, entered.items)


def _bring(draft: Draft, effect: ItemEffect) -> None:
    """Bring along every piece that has a way there and goes with no shipment."""
    for item_id in draft.order.items:
        for source in draft.order.items[item_id].pieces:
            wanted = not effect.from_ or source in effect.from_
            way = (source, effect.to)
            quantity = free_pieces(draft.order, draft.order.items[item_id], way)
            if wanted and way in ITEM_MOVES and quantity > 0:
                event = moved(draft.order, draft.order.items[item_id], quantity, way)
                draft.add(event)
                _effect_of(draft, event)


def _to_follow(draft: Draft) -> Follow | None:
    """Find the first rule whose pieces have all come so far, and that nothing else holds back."""
    order = draft.order
    for follow in draft.path.follow:
        if order.status not in follow.from_:
            continue
        if not draft.path.statuses[follow.to].active:
            continue
        if not all_have_come_to(order.items.values(), follow.items):
            continue
        rule = rule_of(draft.path, order.status, follow.to)
        if asked_for(draft.path, follow.to, rule):  # A path from before this was refused.
            continue
        situation = replace(draft.situation, order=order, budget=draft.budget)
        draft.budget -= situation.cost(guard.when for guard in rule.guards)
        closed = [
            *guards_hold(situation, rule.guards),
            *documents_are_there(order, draft.path, follow.to),
        ]
        if not closed:
            return follow
    return None


def _enter(draft: Draft, follow: Follow) -> bool:
    """Say whether the order went on: a limit may be out of the calendar's reach."""
    situation = replace(draft.situation, order=draft.order)
    unmet = list(out_of_reach(draft.path, follow.to, draft.at, draft.facts))
    draft.unmet += unmet
    if unmet:
        return False
    changed = entering(situation, follow.to)
    draft.add(changed)
    _effect_of(draft, changed)
    return True
