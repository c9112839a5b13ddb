"""Where the pieces of an order are, and what that means for the stock: docs/stock.md.

A packed piece is on the shelf. One that is shipped, delivered, lost or broken is not, whatever the
path says; a path may write pieces off before (`commit`), and then those are the first to go.
"""

from dataclasses import replace

from domain.orders import events as e
from domain.orders import goods
from domain.orders.draft import Draft
from domain.orders.items import AWAY, CANCELLED, COMING_BACK, GONE, IN_HAND, INITIAL, Item
from domain.orders.parts import Kept
from domain.stock.allocation import Wanted
from domain.stock.events import ReleaseReason


def piece_moved(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """Let the stocks follow pieces that went from one status to another."""
    source, target = moved.from_status, moved.to_status
    if target == goods.RESERVED:
        goods.reserve_pieces(draft, moved)
    elif target in AWAY and source not in AWAY:
        _leave(draft, moved)
    elif source in AWAY and target not in AWAY:
        _come_back(draft, moved)
    elif source in IN_HAND and target in COMING_BACK:
        _come_back_unseen(draft, moved)
    elif source in IN_HAND and target == CANCELLED:
        _forget_what_had_left(draft, moved)


def line_changed(draft: Draft, item_id: str) -> None:
    """Of fewer pieces those that are lost or broken are taken off first: they are none of it now,
    and the others are no less here than before.
    """
    before, after = draft.situation.order.items[item_id], draft.order.items[item_id]
    if item_id in draft.order.goods:
        _forget(draft, item_id, before.count(GONE) - after.count(GONE))


def commit_all(draft: Draft) -> None:
    """Write off every piece of the order that has not left yet, reserved before or not."""
    missing = []
    for item_id, item in draft.order.items.items():
        kept = goods.kept_for(draft, item_id, item)
        open_pieces = _not_back(item) - kept.committed - kept.quantity
        if open_pieces > 0:
            missing.append(Wanted(item_id, item.line.sku, open_pieces))
    goods.reserve(draft, missing, partial=False)
    if draft.unmet:
        return
    for item_id, kept in draft.order.goods.items():
        goods.write_off(draft, item_id, kept.quantity)


def settle(draft: Draft) -> None:
    """Give back what is kept for pieces that no longer need it: they are cancelled, the order has
    ended, or facts say by now that the item is another one or none.
    """
    status = draft.path.statuses.get(draft.order.status or "")
    ended = status is not None and status.final is not None
    for item_id, kept in draft.order.goods.items():
        item = draft.order.items.get(item_id)
        if item is None or item.line.sku != kept.sku:  # What has left was no piece of it either.
            goods.release(draft, item_id, kept.quantity, "cancelled" if item is None else "moved")
            goods.note(draft, item_id, Kept(kept.sku, {}))
            continue
        if ended and kept.parts:
            goods.write_off(draft, item_id, goods.kept_though_away(item, kept), as_counted=True)
        _give_back(draft, item_id, item, "cancelled" if ended else "shortened", all_of_it=ended)


def _give_back(
    draft: Draft, item_id: str, item: Item, why: ReleaseReason, *, all_of_it: bool
) -> None:
    kept = draft.order.goods[item_id]
    surplus = kept.quantity - (0 if all_of_it else goods.needed_for(item, kept))
    if surplus > 0:
        goods.release(draft, item_id, surplus, why)
        if all_of_it:  # Should it be opened again, nothing is kept for it.
            goods.unreserve(draft, item_id, min(surplus, item.pieces.get(goods.RESERVED, 0)))
    if kept.committed and kept.committed > _not_back(item):
        _forget(draft, item_id, kept.committed - _not_back(item))


def _leave(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """Let pieces leave that the path has not written off before. What is reserved stays reserved
    for others of the item; what was packed without it is taken from what there is.

    What was lost or broke, and what a carrier tells, is so: then the books follow as far as they
    can. A piece that they never had changes nothing in them.
    """
    item_id, item, quantity = moved.item_id, draft.order.items[moved.item_id], moved.quantity
    if draft.path.stock is None and item_id not in draft.order.goods:
        return
    kept = goods.kept_for(draft, item_id, item)
    left = max(kept.committed - item.count(AWAY) + quantity, 0)  # before they went
    covered = min(quantity, max(_cover(item, kept, left, moved.from_status), 0))
    left = min(left, covered)
    if left == quantity:
        return
    taken, is_so = 0, draft.tells_fact or moved.to_status in GONE
    if quantity > covered and moved.from_status != "received":  # Broken before the books had it.
        others = Wanted(item_id, item.line.sku, quantity - covered)
        taken = sum(got.quantity for got in goods.reserve(draft, [others], partial=is_so))
    if draft.unmet:
        return
    goods.write_off(draft, item_id, covered - left + taken, as_counted=is_so)
    now = replace(goods.kept_for(draft, item_id, item), missing=kept.missing)
    goods.note(draft, item_id, replace(now, committed=kept.committed + quantity - left))


def _cover(item: Item, kept: Kept, left: int, source: str) -> int:
    """Count the pieces of a status that are kept, or had left: those that go may be any of them.

    left: pieces that were written off and were not away
    """
    if source in IN_HAND:
        return kept.quantity + left - item.pieces.get(goods.RESERVED, 0)
    return 0 if source in COMING_BACK else left - item.count(IN_HAND)


def _come_back(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """Put pieces back on the shelf that left it, unless they are lost or broken for good."""
    kept = draft.order.goods.get(moved.item_id)
    if kept is None:
        return
    is_whole = moved.from_status != "damaged" and moved.to_status not in (INITIAL, CANCELLED)
    if not is_whole:
        _write_off_what_is_kept(draft, moved)
    quantity = min(moved.quantity, draft.order.goods[moved.item_id].committed)
    if not is_whole:
        _forget(draft, moved.item_id, quantity)
    elif quantity:
        _put_back(draft, moved.item_id, quantity)
        if moved.to_status not in COMING_BACK:  # Its parcel did not go after all: it is packed.
            sku = draft.order.items[moved.item_id].line.sku
            goods.reserve(draft, [Wanted(moved.item_id, sku, quantity)], partial=True)


def _come_back_unseen(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """All that a carrier told of pieces is that they are back: those that the path wrote off are on
    the shelf again, and nothing else changes there.
    """
    kept = draft.order.goods.get(moved.item_id)
    if kept is not None:
        item = draft.order.items[moved.item_id]
        left = max(kept.committed - item.count(AWAY), 0)
        covered = max(_cover(item, kept, left, moved.from_status), 0)
        _put_back(draft, moved.item_id, min(moved.quantity, left, covered))


def _put_back(draft: Draft, item_id: str, quantity: int) -> None:
    if quantity:
        _forget(draft, item_id, quantity)
        goods.put_back(draft, item_id, quantity)


def _write_off_what_is_kept(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """What is gone for good is no piece of the shelf, also if nobody wrote it off when it left."""
    item, kept = draft.order.items[moved.item_id], draft.order.goods[moved.item_id]
    before = replace(item, pieces={"lost": item.count(AWAY) + moved.quantity})
    gone = min(moved.quantity, goods.kept_though_away(before, kept))
    goods.write_off(draft, moved.item_id, gone, as_counted=True)


def _forget_what_had_left(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """Of pieces in hand that are cancelled, those which the path wrote off go last."""
    item = draft.order.items[moved.item_id]
    kept = goods.kept_for(draft, moved.item_id, item)
    gone = kept.committed - item.count((*IN_HAND, *AWAY))
    _forget(draft, moved.item_id, min(max(gone, 0), moved.quantity))


def _forget(draft: Draft, item_id: str, quantity: int) -> None:
    """So many pieces that had left are none of the item any more."""
    if quantity:
        kept = draft.order.goods[item_id]
        goods.note(draft, item_id, replace(kept, committed=kept.committed - quantity))


def _not_back(item: Item) -> int:
    """Count the pieces that leave sooner or later, or have left."""
    return item.live_quantity - item.pieces.get("returned", 0)
