"""Decisions about positions: add, change, move pieces, cancel pieces."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, assert_never

from domain.messages import Actor, Event, Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.added_line import whole_line
from domain.orders.discounts_left import line_discount_at
from domain.orders.field_guards import field_may_be_edited
from domain.orders.fields import LINES
from domain.orders.item_guards import (
    item_is_known,
    no_more_than,
    pieces_are_free,
    pieces_are_there,
    pieces_planned,
)
from domain.orders.items import (
    CANCELLABLE,
    CANCELLED,
    COMING_BACK,
    INITIAL,
    ITEM_MOVES,
    UNCHARGED,
    Item,
)
from domain.orders.money import check_line, check_size
from domain.orders.order import Order
from domain.orders.path_rights import items_may_be_moved
from domain.orders.price_rights import price_may_be_stated
from domain.orders.totals import totals_of
from domain.paths.path import OrderPath
from domain.products.pricing import Offer
from domain.products.stating import refused_at
from domain.refusals import Unmet

_NOT_HAD: Final = (CANCELLED, *COMING_BACK)


def decide(order: Order, cmd: c.ItemChange, path: OrderPath | None, offer: Offer | None) -> Verdict:
    """Decide whatever is asked of an order's positions.

    offer: with the product of a line that leaves something out, or whose price is not the
    sender's to state
    """
    events, unmet = _verdict(order, cmd, path, offer)
    if path is not None and (events or unmet):
        unmet += items_may_be_moved(order, cmd, path, events)
    return events, unmet


def _verdict(
    order: Order, cmd: c.ItemChange, path: OrderPath | None, offer: Offer | None
) -> Verdict:
    match cmd:
        case c.MoveItem():
            return _move(order, cmd, path)
        case c.AddItem():
            return _add(order, cmd, path, offer)
        case c.ChangeItem():
            return _change(order, cmd, path, offer)
        case c.CancelItem():
            return _cancel(order, cmd, path)
        case _:
            assert_never(cmd)


def _add(order: Order, cmd: c.AddItem, path: OrderPath | None, offer: Offer | None) -> Verdict:
    line = whole_line(order, cmd.line, offer)
    unmet = [*guards.not_final(order, path)]
    grows = _order_may_grow(order, path, cmd.actor, "line")
    if isinstance(line, Unmet):
        return [], [*unmet, *grows, line]
    known = order.items.get(line.item_id)
    if known is not None and known.line == line:
        return [], []
    unmet += [*grows, *guards.item_is_new(order, line)]
    if len(order.items) >= c.MAX_LINES:
        message = f"The order has {len(order.items)} items already"
        needed = f"at most {c.MAX_LINES}"
        unmet.append(Unmet(code="too_many_items", field="line", message=message, needed=needed))
    unmet += price_may_be_stated(order, path, cmd, line, offer)
    items = {**order.items, line.item_id: Item(line, {INITIAL: line.quantity})}
    totals = totals_of(order, items)
    unmet += [*check_line(line, "line.discount_minor"), *check_size(totals)]
    return [e.ItemAdded(line=line, totals=totals)], unmet


def _change(
    order: Order, cmd: c.ChangeItem, path: OrderPath | None, offer: Offer | None
) -> Verdict:
    unmet = list(guards.not_final(order, path))
    item = order.items.get(cmd.item_id)
    if item is None:
        return [], [*unmet, *item_is_known(order, cmd.item_id)]
    wanted = cmd.model_dump(
        include={"quantity", "unit_price_minor", "discount_minor"}, exclude_none=True
    )
    quantity = cmd.quantity or item.line.quantity
    left = {"discount_minor": line_discount_at(order.placed, item, quantity)}
    line = item.line.model_copy(update=left | wanted)
    if line == item.line:
        return [], []
    if line.quantity > item.line.quantity:
        unmet += _order_may_grow(order, path, cmd.actor, "quantity")
    unmet += price_may_be_stated(order, path, cmd, line, offer)
    unmet += _may_be_fewer(item, line.quantity)
    totals = totals_of(order, {**order.items, cmd.item_id: item.with_line(line)})
    unmet += [*check_line(line, "discount_minor"), *check_size(totals)]
    return [e.ItemChanged(line=line, totals=totals)], unmet


def _may_be_fewer(item: Item, quantity: int) -> Iterator[Unmet]:
    """Fewer pieces are fewer ordered ones, those that broke or were lost before them. The quantity
    counts also those that the customer will not have: whoever asks for fewer beside them would be
    left with still fewer than were asked for.
    """
    whole, not_had = item.line.quantity, item.count(_NOT_HAD)
    if not_had:
        least, needed = whole, f"at least {whole}; or cancel pieces"
        why = f"{not_had} of {whole} pieces are cancelled or came back, and count"
    else:
        least = whole - item.pieces.get(INITIAL, 0)
        why, needed = f"{least} pieces are already past {INITIAL}", f"at least {least}"
    if quantity < least:
        yield Unmet(code="quantity_in_use", field="quantity", message=why, needed=needed)


def _order_may_grow(
    order: Order, path: OrderPath | None, actor: Actor, place: str
) -> Iterator[Unmet]:
    """The path's right on lines. Fewer pieces ask for none: they are as good as cancelled."""
    if path is not None:
        yield from refused_at(place, field_may_be_edited(order, path, actor, LINES))


def _move(order: Order, cmd: c.MoveItem, path: OrderPath | None) -> Verdict:
    unmet: list[Unmet] = []
    if cmd.to_status not in COMING_BACK:
        unmet += guards.not_final(order, path)
    item = order.items.get(cmd.item_id)
    unmet += item_is_known(order, cmd.item_id)
    if (cmd.from_status, cmd.to_status) not in ITEM_MOVES:
        ways = sorted(to for source, to in ITEM_MOVES if source == cmd.from_status)
        unmet.append(
            Unmet(
                code="item_transition_not_allowed",
                field="to_status",
                message=f"No way for an item from {cmd.from_status} to {cmd.to_status}",
                needed="one of " + ", ".join(ways) if ways else f"no way from {cmd.from_status}",
            )
        )
    there = item.pieces.get(cmd.from_status, 0) if item else cmd.quantity
    unmet += pieces_are_there(cmd.quantity, there, cmd.from_status)
    move = (cmd.from_status, cmd.to_status)
    if item is not None and there >= cmd.quantity:
        unmet += pieces_are_free(order, item, cmd.quantity, move)
    if cmd.to_status == CANCELLED:
        unmet += guards.is_said("reason_code", cmd.reason_code, "Cancelling an item")
    if item is None or unmet:
        return [], unmet
    said = {"reason_code": cmd.reason_code, "supplier": cmd.supplier}
    return [moved(order, item, cmd.quantity, move, **said)], []


def _cancel(order: Order, cmd: c.CancelItem, path: OrderPath | None) -> Verdict:
    unmet = list(guards.not_final(order, path))
    item = order.items.get(cmd.item_id)
    if item is None:
        return [], [*unmet, *item_is_known(order, cmd.item_id)]
    there = sum(item.pieces.get(status, 0) for status in CANCELLABLE)
    free = there - pieces_planned(order, item)
    quantity = free if cmd.quantity is None else cmd.quantity
    if cmd.quantity is None and free == 0:
        return [], []
    short = list(pieces_are_there(quantity, there, "a status from which they can be cancelled"))
    unmet += short or no_more_than(free, quantity)
    if quantity > free:
        return [], unmet
    events: list[Event] = []
    for status in CANCELLABLE:
        part = min(quantity, item.pieces.get(status, 0))
        if part:
            move = (status, CANCELLED)
            events.append(moved(order, item, part, move, reason_code=cmd.reason_code))
            item, quantity = item.move(part, *move), quantity - part
            order = replace(order, items={**order.items, cmd.item_id: item})
    return events, unmet


def moved(
    order: Order, item: Item, quantity: int, move: tuple[str, str], **said: str | None
) -> e.ItemStatusChanged:
    """Give the event of a move, with the money afterwards if other pieces are charged then."""
    totals = None
    if not UNCHARGED.isdisjoint(move):
        after = item.move(quantity, *move)
        totals = totals_of(order, {**order.items, item.line.item_id: after})
    return e.ItemStatusChanged(
        item_id=item.line.item_id,
        quantity=quantity,
        from_status=move[0],
        to_status=move[1],
        totals=totals,
        **said,
    )
