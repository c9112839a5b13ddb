"""Decisions about shipments. A person or a rule is checked; what a carrier reports is a fact,
however late and odd. Pieces follow their shipment in the same decision.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import assert_never

from domain.hints import one_of
from domain.messages import Verdict, is_key, named
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.decide_items import moved
from domain.orders.field_guards import field_may_be_edited
from domain.orders.identity import fact_id_in
from domain.orders.item_guards import free_to_ship, item_is_known
from domain.orders.items import SHIPPABLE, Item
from domain.orders.order import Order
from domain.orders.path_rights import pieces_may_go, ways_of
from domain.orders.shipments import ON_THE_WAY, PLANNED, SHIPMENT_MOVES, Shipment, held
from domain.paths.path import OrderPath
from domain.refusals import Unmet

MAX_SHIPMENTS = 200  # of one order
PACKED_IN = "assembled"  # where pieces are again whose shipment did not go after all


def decide(order: Order, cmd: c.ShipmentCommand, path: OrderPath | None, at: datetime) -> Verdict:
    match cmd:
        case c.CreateShipment():
            return _create(order, cmd, path)
        case c.TrackShipment():
            return _track(order, cmd, path)
        case c.MoveShipment():
            return _move(order, cmd, path, at)
        case _:
            assert_never(cmd)


def _create(order: Order, cmd: c.CreateShipment, path: OrderPath | None) -> Verdict:
    known = order.shipments.get(cmd.shipment_id or "")
    if known is not None and _is_planned_so(known, cmd):
        return [], []
    free = {item_id: free_to_ship(order, item) for item_id, item in order.items.items()}
    wanted = cmd.pieces or {item_id: pieces for item_id, pieces in free.items() if pieces > 0}
    unmet = [
        *guards.not_final(order, path),
        *_is_new(known),
        *_there_is_room(order),
        *_pieces_may_be_shipped(order, free, wanted),
        *_may_be_tracked(order, cmd, path),
    ]
    created = e.ShipmentCreated(
        shipment_id=cmd.shipment_id or _free_name(order),
        carrier=cmd.carrier,
        track_number=cmd.track_number,
        pieces=wanted,
    )
    if unmet or known is None:
        return [created], unmet
    # Its carrier told of it before it was planned: the pieces are as far as the shipment is.
    moves, _ = follow(order, Shipment(known.shipment_id, pieces=wanted), known)
    return [created, *moves], list(_pieces_may_follow(moves, cmd, path))


def _pieces_may_follow(
    moves: Iterable[e.ItemStatusChanged], cmd: c.ShipmentCommand, path: OrderPath | None
) -> Iterator[Unmet]:
    """Whoever decides on a shipment moves its pieces; where they are told to be, they are."""
    if path is not None and not guards.tells_fact(cmd):
        yield from pieces_may_go(ways_of(moves), path, cmd.actor)


def _is_planned_so(known: Shipment, cmd: c.CreateShipment) -> bool:
    return (
        known.carrier == cmd.carrier
        and cmd.pieces in (None, known.pieces)
        and cmd.track_number in (None, known.track_number)
    )


def _is_new(known: Shipment | None) -> Iterator[Unmet]:
    if known is not None and known.carrier is not None:
        yield Unmet(
            code="shipment_exists",
            field="shipment_id",
            message=f"The order has another {named('shipment', known.shipment_id)} already",
            needed="a shipment_id of its own",
        )


def _there_is_room(order: Order) -> Iterator[Unmet]:
    if len(order.shipments) >= MAX_SHIPMENTS:
        yield Unmet(
            code="too_many_shipments",
            message=f"The order has {len(order.shipments)} shipments already",
            needed=f"at most {MAX_SHIPMENTS}",
        )


def _pieces_may_be_shipped(
    order: Order, free: Mapping[str, int], wanted: Mapping[str, int]
) -> Iterator[Unmet]:
    statuses = " or ".join(SHIPPABLE)
    if not wanted:
        message = "No piece of the order may be shipped"
        needed = f"pieces that are {statuses}, and in no shipment"
        yield Unmet(code="nothing_to_ship", field="pieces", message=message, needed=needed)
    for item_id, pieces in wanted.items():
        field = f"pieces.{item_id}" if is_key(item_id) else "pieces"
        yield from item_is_known(order, item_id, field)
        if item_id in free and pieces > free[item_id]:
            yield Unmet(
                code="pieces_not_shippable",
                field=field,
                message=f"{pieces} pieces of {named('item', item_id)} shall be shipped,"
                f" {free[item_id]} are {statuses} and in no shipment",
                needed=f"at most {max(free[item_id], 0)}",
            )


def _free_name(order: Order) -> str:
    """Give a new shipment its id: shipment-1, shipment-2, …"""
    numbers = count(len(order.shipments) + 1)
    return next(name for n in numbers if (name := f"shipment-{n}") not in order.shipments)


def _track(order: Order, cmd: c.TrackShipment, path: OrderPath | None) -> Verdict:
    known = order.shipments.get(cmd.shipment_id)
    if known is None:
        return [], [_unknown(order, cmd.shipment_id)]
    if known.track_number == cmd.track_number:
        return [], []
    event = e.ShipmentTracked(shipment_id=cmd.shipment_id, track_number=cmd.track_number)
    return [event], [*_may_be_tracked(order, cmd, path)]


def _may_be_tracked(
    order: Order, cmd: c.CreateShipment | c.TrackShipment, path: OrderPath | None
) -> Iterator[Unmet]:
    """The right to an order's track number is that to its shipments' as well."""
    if path is not None and cmd.track_number is not None and not guards.tells_fact(cmd):
        yield from field_may_be_edited(order, path, cmd.actor, "track_number")


def _move(order: Order, cmd: c.MoveShipment, path: OrderPath | None, at: datetime) -> Verdict:
    fact = guards.tells_fact(cmd)
    known = order.shipments.get(cmd.shipment_id)
    if known is not None and _is_told(known, cmd):
        return [], []
    if not fact:
        unmet = list(_move_is_open(order, known, cmd, path))
        if unmet:
            return [], unmet
    known = known or Shipment(cmd.shipment_id)
    event = e.ShipmentMoved(
        shipment_id=cmd.shipment_id,
        to_status=cmd.to_status,
        carrier_ref=cmd.carrier_ref,
        reason_code=cmd.reason_code,
    )
    fact_id = fact_id_in(cmd.command_id, event.NAME) if fact else None
    moves, packed = follow(order, known, known.moved(event, at, order.version + 1, fact_id))
    if packed != known.pieces:
        event = event.model_copy(update={"pieces": packed})
    return [event, *moves], list(_pieces_may_follow(moves, cmd, path))


def _is_told(known: Shipment, cmd: c.MoveShipment) -> bool:
    """This very movement is known; without a reference, the shipment is there already."""
    if cmd.carrier_ref is None:
        return known.status == cmd.to_status
    return (cmd.carrier_ref, cmd.to_status) in known.told


def _move_is_open(
    order: Order, known: Shipment | None, cmd: c.MoveShipment, path: OrderPath | None
) -> Iterator[Unmet]:
    if cmd.to_status == "handed_over":  # What is on its way goes on, and may come back.
        yield from guards.not_final(order, path)
    if known is None:
        yield _unknown(order, cmd.shipment_id)
    elif (known.status, cmd.to_status) not in SHIPMENT_MOVES:
        ways = sorted(to for source, to in SHIPMENT_MOVES if source == known.status)
        yield Unmet(
            code="shipment_transition_not_allowed",
            field="to_status",
            message=f"No way for a shipment from {known.status} to {cmd.to_status}",
            needed="one of " + ", ".join(ways) if ways else f"no way from {known.status}",
        )


def _unknown(order: Order, shipment_id: str) -> Unmet:
    return Unmet(
        code="shipment_unknown",
        field="shipment_id",
        message=f"The order has no {named('shipment', shipment_id)}",
        needed=one_of(order.shipments, "create it first", is_key),
    )


def follow(
    order: Order, before: Shipment, after: Shipment
) -> tuple[list[e.ItemStatusChanged], Mapping[str, int]]:
    """Bring the pieces of a shipment to where it is now.

    Gives the moves, and what went: pieces that somebody took elsewhere meanwhile stay there.
    """
    source, target = before.item_status, after.item_status
    if source == target:
        return [], before.pieces
    moves: list[e.ItemStatusChanged] = []
    went: dict[str, int] = {}
    for item_id, pieces in before.pieces.items():
        item = order.items.get(item_id)
        left = min(pieces, _within_reach(order, before, item)) if item else 0
        if item is None or left <= 0:
            continue
        went[item_id] = left
        for status in _sources(source):
            part = min(left, item.pieces.get(status, 0))
            if part:
                move = (status, target or PACKED_IN)
                moves.append(moved(order, item, part, move, shipment_id=before.shipment_id))
                item, left = item.move(part, *move), left - part
                order = replace(order, items={**order.items, item_id: item})
    return moves, went


def _sources(item_status: str | None) -> Iterable[str]:
    """Where its pieces are; of those that are with us the most advanced go first."""
    return reversed(SHIPPABLE) if item_status is None else (item_status,)


def _within_reach(order: Order, shipment: Shipment, item: Item) -> int:
    """Count the pieces of an item that are where the shipment's are, and in no other one."""
    status = shipment.item_status
    live = {None: (PLANNED,), "shipped": ON_THE_WAY}.get(status, ())
    others = (one for one in order.shipments.values() if one.shipment_id != shipment.shipment_id)
    there = sum(item.pieces.get(status, 0) for status in _sources(status))
    return there - held(others, item.line.item_id, live)
