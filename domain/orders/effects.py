"""What a command leads to besides, in the same decision: what entering a status does, goods that
are no longer needed, and an order that follows its items.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from domain.messages import Decided, Event
from domain.orders import events as e
from domain.orders import goods, whereabouts
from domain.orders.context import Situation
from domain.orders.decide_items import moved
from domain.orders.draft import Draft
from domain.orders.entering import entering
from domain.orders.item_guards import free_pieces
from domain.orders.items import ITEM_MOVES, all_have_come_to
from domain.orders.moves import documents_are_there, guards_hold, rule_of
from domain.paths.asking import asked_for
from domain.paths.statuses import ItemEffect, OnEnter
from domain.paths.transitions import Follow
from domain.refusals import Unmet


def against_effects(situation: Situation, target: str) -> list[Unmet]:
    """List everything that stands against what a move leads to, whether the move is open or not."""
    path = situation.path
    if not (path.calendars or path.has_effects):
        return []
    changed, unmet = entering(situation, target)
    draft = Draft.of(situation)
    if path.has_effects:
        follow_up(draft, [Decided(changed, draft.at)])
    return [*draft.unmet, *unmet]


def follow_up(draft: Draft, told: Sequence[Decided], *, going_on: bool = True) -> None:
    """Let what was decided, or is told, happen to a draft, with all that it leads to now.

    going_on: whether the order moves on by itself, as its path says under `follow`. That ends: the
    rules lead round in no circle, so each is followed once at most.
    """
    for one in told:
        draft.tell(one)
        _effect_of(draft, one.event)
    if going_on and any(isinstance(one.event, e.ItemStatusChanged) for one in draft.decided):
        for _ in draft.path.follow:
            follow = _to_follow(draft)
            if follow is None or not _enter(draft, follow):
                break
    whereabouts.settle(draft)


def _effect_of(draft: Draft, event: Event) -> None:
    match event:
        case e.StatusChanged(to_status=status) | e.OrderPlaced(status=status):
            entered = draft.path.statuses[status].on_enter
            if entered is not None:
                _apply(draft, entered)
        case e.ItemStatusChanged():
            whereabouts.piece_moved(draft, event)
        case e.ItemChanged(line=line):
            whereabouts.line_changed(draft, line.item_id)
        case _:
            goods.keep_as_paid(draft, [event])


def _apply(draft: Draft, entered: OnEnter) -> None:
    match entered.stock:
        case "reserve":
            goods.reserve_ordered(draft)
        case "commit":
            whereabouts.commit_all(draft)
        case "release":
            goods.release_all(draft)
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
        cost = situation.cost(guard.when for guard in rule.guards)
        draft.budget -= cost if cost <= draft.budget else 0  # What is too dear is not asked.
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
    changed, unmet = entering(situation, follow.to)
    draft.unmet += unmet
    if unmet:
        return False
    draft.add(changed)
    _effect_of(draft, changed)
    return True
