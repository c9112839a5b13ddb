"""Decisions about positions: add, change, move pieces, cancel pieces."""

from dataclasses import replace
from typing import assert_never

from domain.messages import Event, Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.items import CANCELLABLE, CANCELLED, INITIAL, ITEM_MOVES, Item
from domain.orders.money import check_line, check_size
from domain.orders.order import Order, totals_of
from domain.orders.path_rights import items_may_be_moved
from domain.paths.path import OrderPath
from domain.refusals import Unmet


def decide(order: Order, cmd: c.ItemChange, path: OrderPath | None) -> Verdict:
    """Decide whatever is asked of an order's positions."""
    events, unmet = _verdict(order, cmd, path)
    if path is not None and (events or unmet):
        unmet += items_may_be_moved(order, cmd, path)
    return events, unmet


def _verdict(order: Order, cmd: c.ItemChange, path: OrderPath | None) -> Verdict:
    match cmd:
        case c.MoveItem():
            return _move(order, cmd, path)
        case c.AddItem():
            return _add(order, cmd, path)
        case c.ChangeItem():
            return _change(order, cmd, path)
        case c.CancelItem():
            return _cancel(order, cmd, path)
        case _:
            assert_never(cmd)


def _add(order: Order, cmd: c.AddItem, path: OrderPath | None) -> Verdict:
    known = order.items.get(cmd.line.item_id)
    if known is not None and known.line == cmd.line:
        return [], []
    unmet = list(guards.not_final(order, path))
    unmet += guards.item_is_new(order, cmd.line)
    if len(order.items) >= c.MAX_LINES:
        message = f"The order has {len(order.items)} items already"
        needed = f"at most {c.MAX_LINES}"
        unmet.append(Unmet(code="too_many_items", field="line", message=message, needed=needed))
    items = {**order.items, cmd.line.item_id: Item(cmd.line, {INITIAL: cmd.line.quantity})}
    totals = totals_of(order, items)
    unmet += [*check_line(cmd.line, "line.discount_minor"), *check_size(totals)]
    return [e.ItemAdded(line=cmd.line, totals=totals)], unmet


def _change(order: Order, cmd: c.ChangeItem, path: OrderPath | None) -> Verdict:
    unmet = list(guards.not_final(order, path))
    item = order.items.get(cmd.item_id)
    if item is None:
        return [], [*unmet, _unknown(order, cmd.item_id)]
    wanted = cmd.model_dump(
        include={"quantity", "unit_price_minor", "discount_minor"}, exclude_none=True
    )
    line = item.line.model_copy(update=wanted)
    if line == item.line:
        return [], []
    fixed = item.line.quantity - item.pieces.get(INITIAL, 0)
    if line.quantity < fixed:
        unmet.append(
            Unmet(
                code="quantity_in_use",
                field="quantity",
                message=f"{fixed} pieces are already past {INITIAL}",
                needed=f"at least {fixed}",
            )
        )
    totals = totals_of(order, {**order.items, cmd.item_id: item.with_line(line)})
    unmet += [*check_line(line, "discount_minor"), *check_size(totals)]
    return [e.ItemChanged(line=line, totals=totals)], unmet


def _move(order: Order, cmd: c.MoveItem, path: OrderPath | None) -> Verdict:
    unmet: list[Unmet] = []
    # Goods may come back after the order is finished.
    if cmd.to_status != "returned":
        unmet += guards.not_final(order, path)
    item = order.items.get(cmd.item_id)
    if item is None:
        unmet.append(_unknown(order, cmd.item_id))
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
    if there < cmd.quantity:
        unmet.append(_too_few(cmd.quantity, there, cmd.from_status))
    if cmd.to_status == CANCELLED:
        unmet += guards.is_said("reason_code", cmd.reason_code, "Cancelling an item")
    if item is None or unmet:
        return [], unmet
    move = (cmd.from_status, cmd.to_status)
    return [_moved(order, item, cmd.quantity, move, cmd.reason_code)], []


def _cancel(order: Order, cmd: c.CancelItem, path: OrderPath | None) -> Verdict:
    unmet = list(guards.not_final(order, path))
    item = order.items.get(cmd.item_id)
    if item is None:
        return [], [*unmet, _unknown(order, cmd.item_id)]
    free = sum(item.pieces.get(status, 0) for status in CANCELLABLE)
    quantity = free if cmd.quantity is None else cmd.quantity
    if cmd.quantity is None and free == 0:
        return [], []
    if free < quantity:
        unmet.append(_too_few(quantity, free, "a status before shipped"))
        return [], unmet
    events: list[Event] = []
    for status in CANCELLABLE:
        part = min(quantity, item.pieces.get(status, 0))
        if part:
            events.append(_moved(order, item, part, (status, CANCELLED), cmd.reason_code))
            item, quantity = item.move(part, status, CANCELLED), quantity - part
            order = replace(order, items={**order.items, cmd.item_id: item})
    return events, unmet


def _moved(
    order: Order, item: Item, quantity: int, move: tuple[str, str], reason_code: str | None
) -> e.ItemStatusChanged:
    totals = None
    if move[1] == CANCELLED:
        after = item.move(quantity, *move)
        totals = totals_of(order, {**order.items, item.line.item_id: after})
    return e.ItemStatusChanged(
        item_id=item.line.item_id,
        quantity=quantity,
        from_status=move[0],
        to_status=move[1],
        reason_code=reason_code,
        totals=totals,
    )


def _unknown(order: Order, item_id: str) -> Unmet:
    return Unmet(
        code="item_unknown",
        field="item_id",
        message=f"The order has no item {item_id}",
        needed="one of " + (", ".join(order.items) or "none"),
    )


def _too_few(wanted: int, there: int, status: str) -> Unmet:
    return Unmet(
        code="quantity_not_there",
        field="quantity",
        message=f"{wanted} pieces are asked for, {there} are in {status}",
        needed=f"at most {there}",
    )
