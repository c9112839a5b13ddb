"""The goods of an order: reserved, kept longer, given back, written off, taken back.

Every step is an event of the stock and one of the order, decided together: what the order says is
kept for it is what the stocks keep for it, and nothing once it has ended.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.orders import events as e
from domain.orders.draft import Draft
from domain.orders.items import INITIAL, UNCHARGED, Item
from domain.orders.parts import Kept
from domain.stock import decide as stock
from domain.stock.allocation import Allocation, Wanted, allocate
from domain.stock.events import ReleaseReason
from domain.stock.policies import reservation_expiry
from domain.stock.stock import ItemRef

RESERVED: Final = "reserved"
ASSEMBLED: Final = "assembled"
RETURNED: Final = "returned"
# Nothing is kept for them.
UNRESERVED: Final = (INITIAL, "to_buy", "bought", "received", *UNCHARGED)
_PAID: Final = ("paid", "overpaid", "authorised")


def reserve_ordered(draft: Draft) -> None:
    """Reserve what is not reserved yet, as much as there is; the pieces become reserved ones."""
    wanted = [
        Wanted(item_id, item.line.sku, pieces)
        for item_id, item in draft.order.items.items()
        if (pieces := item.pieces.get(INITIAL, 0))
    ]
    rules = draft.path.stock
    for got in _reserve(draft, wanted, partial=rules is None or rules.partial):
        if got.quantity:
            draft.add(_moved(got.wanted.item_id, got.quantity, INITIAL, RESERVED))


def reserve_pieces(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """Reserve pieces that were moved into the status `reserved`: all of them, or it is refused.

    Those that were packed are kept already, unless they were packed without being reserved.
    """
    item = draft.order.items[moved.item_id]
    quantity = moved.quantity
    if moved.from_status not in UNRESERVED:
        kept = _kept(draft, moved.item_id, item)
        quantity = min(quantity, _beyond_ordered(item) - kept.committed - kept.quantity)
    if quantity > 0:
        _reserve(draft, [Wanted(moved.item_id, item.line.sku, quantity)], partial=False)


def commit_all(draft: Draft) -> None:
    """Write off every piece of the order that has not left yet, reserved before or not."""
    missing = []
    for item_id, item in draft.order.items.items():
        kept = _kept(draft, item_id, item)
        leaving = item.live_quantity - item.pieces.get(RETURNED, 0)
        open_pieces = leaving - kept.committed - kept.quantity
        if open_pieces > 0:
            missing.append(Wanted(item_id, item.line.sku, open_pieces))
    _reserve(draft, missing, partial=False)
    if draft.unmet:
        return
    for item_id, kept in draft.order.goods.items():
        for location, pieces in kept.parts.items():
            ref = ItemRef(draft.order_id, item_id)
            there = draft.stock(kept.sku, location)
            draft.take(kept.sku, location, stock.commit(there, ref, pieces, draft.at))
        if kept.parts:
            gone = kept.committed + kept.quantity
            _note(draft, item_id, Kept(kept.sku, {}, gone))


def release_all(draft: Draft, why: ReleaseReason) -> None:
    """Give back all that is kept; reserved pieces are ordered ones again."""
    for item_id, kept in draft.order.goods.items():
        if kept.parts:
            _release(draft, item_id, kept.quantity, why)
            _unreserve(draft, item_id, draft.order.items[item_id].pieces.get(RESERVED, 0))


def release_expired(draft: Draft) -> None:
    """Give back what is kept beyond its time. Pieces that are packed already stay."""
    for item_id, kept in draft.order.goods.items():
        item = draft.order.items.get(item_id)
        if item is None:  # It is annulled, nothing is kept for it.
            continue
        due = sum(
            pieces
            for location, pieces in kept.parts.items()
            if _is_due(draft, kept.sku, location, item_id)
        )
        pieces = min(due, item.pieces.get(RESERVED, 0))
        if pieces:
            _release(draft, item_id, pieces, "expired", only_due=True)
            _unreserve(draft, item_id, pieces)


def settle(draft: Draft) -> None:
    """Give back what is kept for pieces that no longer need it: they are cancelled, the order has
    ended, or facts say by now that the item is another one or none.
    """
    status = draft.path.statuses.get(draft.order.status or "")
    ended = status is not None and status.final is not None
    for item_id, kept in draft.order.goods.items():
        item = draft.order.items.get(item_id)
        needed, why = _still_needed(None if ended else item, kept)
        if kept.quantity > needed:
            given_back = kept.quantity - needed
            _release(draft, item_id, given_back, why)
            if ended and item is not None:  # Should it be opened again, nothing is kept for it.
                _unreserve(draft, item_id, min(given_back, item.pieces.get(RESERVED, 0)))
        if item is None or item.line.sku != kept.sku:  # What has left was no piece of it either.
            _note(draft, item_id, Kept(kept.sku, {}))


def keep_as_paid(draft: Draft) -> None:
    """Goods wait for their money by how it comes; what is paid for is kept until it leaves."""
    until = _kept_until(draft)
    for item_id, kept in draft.order.goods.items():
        for location in kept.parts:
            ref = ItemRef(draft.order_id, item_id)
            there = draft.stock(kept.sku, location)
            draft.take(kept.sku, location, stock.keep(there, ref, until, draft.at))


def write_off(draft: Draft, gone: e.ItemStatusChanged) -> None:
    """Pieces that were kept here and got lost or broken have left, whatever the path says."""
    kept = draft.order.goods.get(gone.item_id)
    if kept is None or gone.from_status not in (RESERVED, ASSEMBLED):
        return
    left, parts = gone.quantity, dict(kept.parts)
    for location in reversed(list(parts)):
        pieces = min(left, parts[location])
        if pieces:
            ref = ItemRef(draft.order_id, gone.item_id)
            there = draft.stock(kept.sku, location)
            draft.take(kept.sku, location, stock.commit(there, ref, pieces, draft.at))
            parts[location] -= pieces
            left -= pieces
    committed = kept.committed + gone.quantity - left
    _note(draft, gone.item_id, replace(kept, parts=parts, committed=committed))


def ask_for_another(draft: Draft, gone: e.ItemStatusChanged) -> None:
    """Another piece instead of one that is gone: that one has left, this one has not."""
    kept = draft.order.goods.get(gone.item_id)
    if kept is not None and kept.committed:
        committed = max(kept.committed - gone.quantity, 0)
        _note(draft, gone.item_id, replace(kept, committed=committed))


def take_back(draft: Draft, item_id: str, quantity: int) -> None:
    """Pieces that had left came back and can be sold again, at the first location."""
    kept = draft.order.goods.get(item_id)
    rules = draft.path.stock
    back = min(quantity, kept.committed) if kept else 0
    if kept is None or rules is None or not back:
        return
    location = rules.locations[0]
    ref = ItemRef(draft.order_id, item_id)
    there = draft.stock(kept.sku, location)
    draft.take(kept.sku, location, stock.restock(there, ref, back, draft.at))
    _note(draft, item_id, replace(kept, committed=kept.committed - back))


def _reserve(draft: Draft, wanted: list[Wanted], *, partial: bool) -> list[Allocation]:
    rules = draft.path.stock
    if rules is None or not wanted:
        return []
    known = {**draft.facts.stocks, **draft.stocks}
    got, unmet = allocate(wanted, rules.locations, known, partial=partial)
    draft.unmet += unmet
    if unmet:
        return []
    until = _kept_until(draft)
    for one in got:
        item_id, sku = one.wanted.item_id, one.wanted.sku
        for location, pieces in one.parts.items():
            ref = ItemRef(draft.order_id, item_id)
            there = draft.stock(sku, location)
            draft.take(sku, location, stock.reserve(there, ref, pieces, until, draft.at))
        kept = _kept(draft, item_id, draft.order.items[item_id])
        if one.parts or one.missing:
            parts = _sum(kept.parts, one.parts)
            _note(draft, item_id, Kept(kept.sku, parts, kept.committed, one.missing))
    return got


def _kept_until(draft: Draft) -> datetime | None:
    """By how the order will be paid: what is paid for, or paid at the door, is kept for good."""
    order, rules = draft.order, draft.path.stock
    if rules is None or order.payment_status in _PAID:
        return None
    announced = [entry.method for entry in order.ledger if entry.kind == "submitted"]
    method = announced[-1] if announced else None
    return reservation_expiry(method, draft.at, rules.keep)


def _release(
    draft: Draft, item_id: str, quantity: int, why: ReleaseReason, *, only_due: bool = False
) -> None:
    """Give back so many pieces, those of the last location first."""
    kept = draft.order.goods[item_id]
    parts = dict(kept.parts)
    for location in reversed(list(parts)):
        if only_due and not _is_due(draft, kept.sku, location, item_id):
            continue
        pieces = min(quantity, parts[location])
        if not pieces:
            break
        ref = ItemRef(draft.order_id, item_id)
        there = draft.stock(kept.sku, location)
        draft.take(kept.sku, location, stock.release(there, ref, pieces, why, draft.at))
        parts[location] -= pieces
        quantity -= pieces
    _note(draft, item_id, replace(kept, parts=parts))


def _unreserve(draft: Draft, item_id: str, pieces: int) -> None:
    if pieces:
        draft.add(_moved(item_id, pieces, RESERVED, INITIAL))


def _is_due(draft: Draft, sku: str, location: str, item_id: str) -> bool:
    held = draft.stock(sku, location).reserved_for(draft.order_id).get(item_id)
    return held is not None and held.is_due(draft.at)


def _note(draft: Draft, item_id: str, kept: Kept) -> None:
    """Let the order know what the stocks keep for it now, if it is something else than before."""
    parts = {where: pieces for where, pieces in kept.parts.items() if pieces}
    now = Kept(kept.sku, parts, kept.committed, kept.missing)
    if now != draft.order.goods.get(item_id):
        draft.add(
            e.ReservationChanged(
                item_id=item_id,
                sku=now.sku,
                kept=dict(now.parts),
                committed=now.committed,
                missing=now.missing,
            )
        )


def _kept(draft: Draft, item_id: str, item: Item) -> Kept:
    kept = draft.order.goods.get(item_id)
    return kept if kept and kept.sku == item.line.sku else Kept(item.line.sku, {})


def _moved(item_id: str, quantity: int, source: str, target: str) -> e.ItemStatusChanged:
    return e.ItemStatusChanged(
        item_id=item_id, quantity=quantity, from_status=source, to_status=target
    )


def _still_needed(item: Item | None, kept: Kept) -> tuple[int, ReleaseReason]:
    """Give how many pieces are to be kept for an item, and why no more are."""
    if item is None:
        return 0, "cancelled"
    if item.line.sku != kept.sku:
        return 0, "moved"
    return max(_beyond_ordered(item) - kept.committed, 0), "shortened"


def _beyond_ordered(item: Item) -> int:
    return sum(pieces for status, pieces in item.pieces.items() if status not in UNRESERVED)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    names: Iterable[str] = dict.fromkeys((*one, *other))
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}
