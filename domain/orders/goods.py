"""The goods of an order: reserved, kept longer, given back, written off, put back.

Every step is an event of the stock and one of the order, decided together: what the order says is
kept for it is what the stocks keep for it. When which step is due: domain.orders.whereabouts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.messages import Event
from domain.orders import events as e
from domain.orders.draft import Draft
from domain.orders.items import AWAY, IN_HAND, INITIAL, Item
from domain.orders.ledger import secured_minor
from domain.orders.parts import Kept
from domain.stock import decide as stock
from domain.stock.allocation import Allocation, Wanted, allocate
from domain.stock.events import ReleaseReason
from domain.stock.policies import CASH_ON_DELIVERY, DEFAULT_EXPIRY, reservation_expiry
from domain.stock.stock import ItemRef

RESERVED: Final = "reserved"
_PAID: Final = ("paid", "overpaid")
_COMING: Final = (e.PaymentSubmitted, e.PaymentAuthorised, e.PaymentCharged)
_GOING: Final = (e.PaymentRefunded, e.PaymentChargedBack)
_MONEY: Final = frozenset(event.NAME for event in (*_COMING, *_GOING))


def reserve_ordered(draft: Draft) -> None:
    """Reserve what is not reserved yet, as much as there is; the pieces become reserved ones."""
    rules = draft.path.stock
    if rules is None:
        return
    gone: dict[str, int] = {}
    wanted = []
    for item_id, item in draft.order.items.items():
        ordered = item.pieces.get(INITIAL, 0)
        gone[item_id] = min(ordered, max(_gone_early(draft, item_id, item), 0))
        if ordered > gone[item_id]:
            wanted.append(Wanted(item_id, item.line.sku, ordered - gone[item_id]))
    got = reserve(draft, wanted, partial=rules.partial)
    reserved = {one.wanted.item_id: one.quantity for one in got}
    for item_id, pieces in gone.items():
        if (pieces := pieces + reserved.get(item_id, 0)) and not draft.unmet:
            draft.add(_moved(item_id, pieces, INITIAL, RESERVED))


def _gone_early(draft: Draft, item_id: str, item: Item) -> int:
    """Count the pieces that are written off and not even in hand yet: the path did it so early."""
    return kept_for(draft, item_id, item).committed - item.count((*IN_HAND, *AWAY))


def reserve_pieces(draft: Draft, moved: e.ItemStatusChanged) -> None:
    """Reserve pieces that were moved into the status `reserved`: all of them, or it is refused.

    Those that were packed are kept already, unless they were packed without being reserved; and
    nothing is kept any more for those that the path wrote off.
    """
    item = draft.order.items[moved.item_id]
    kept = kept_for(draft, moved.item_id, item)
    quantity = min(moved.quantity, needed_for(item, kept) - kept.quantity)
    if quantity > 0:
        reserve(draft, [Wanted(moved.item_id, item.line.sku, quantity)], partial=False)


def release_all(draft: Draft) -> None:
    """Give back all that is kept and still here, as the order asks for it no more; reserved pieces
    are ordered ones again.
    """
    for item_id, kept in draft.order.goods.items():
        item = draft.order.items.get(item_id)
        if kept.parts and item is not None:
            quantity = kept.quantity - kept_though_away(item, kept)
            release(draft, item_id, quantity, "cancelled")
            unreserve(draft, item_id, item.pieces.get(RESERVED, 0))


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
            release(draft, item_id, pieces, "expired", only_due=True)
            unreserve(draft, item_id, pieces)


def keep_as_paid(draft: Draft, told: Sequence[Event]) -> None:
    """Goods wait for their money by how it comes, what is paid for is kept until it leaves; if
    money goes, or never came, they wait for it again.
    """
    comes = any(isinstance(event, _COMING) for event in told)
    goes = any(isinstance(event, _GOING) or _takes_back_money(event) for event in told)
    if not comes and not goes:
        return
    if draft.path.stock is None and not goes and not _waits_for_good(draft):
        return  # Nobody says how long; what was said stays.
    until = _kept_until(draft)
    for item_id, kept in draft.order.goods.items():
        for location in kept.parts:
            ref = ItemRef(draft.order_id, item_id)
            there = draft.stock(kept.sku, location)
            draft.take(kept.sku, location, stock.keep(there, ref, until, draft.at))


def _takes_back_money(event: Event) -> bool:
    return isinstance(event, e.FactAnnulled) and event.annulled_type in _MONEY


def write_off(draft: Draft, item_id: str, quantity: int, *, as_counted: bool = False) -> None:
    """Let so many kept pieces leave, those of the first location first.

    as_counted: no more than the books have, of what a count says is not even there
    """
    kept = draft.order.goods.get(item_id)
    if kept is None or not quantity:
        return
    left, parts = quantity, dict(kept.parts)
    for location in kept.parts:
        there = draft.stock(kept.sku, location)
        pieces = min(left, parts[location], *([there.level.on_hand] if as_counted else []))
        if pieces:
            ref = ItemRef(draft.order_id, item_id)
            draft.take(kept.sku, location, stock.commit(there, ref, pieces, draft.at))
            parts[location] -= pieces
            left -= pieces
    note(draft, item_id, Kept(kept.sku, parts, kept.committed + quantity - left, kept.missing))


def put_back(draft: Draft, item_id: str, quantity: int) -> None:
    """Put pieces that had left back on the shelf of the first location, for everybody."""
    kept = draft.order.goods[item_id]
    rules = draft.path.stock
    if rules is not None:
        location = rules.locations[0]
        there = draft.stock(kept.sku, location)
        ref = ItemRef(draft.order_id, item_id)
        draft.take(kept.sku, location, stock.restock(there, ref, quantity, draft.at))


def reserve(draft: Draft, wanted: list[Wanted], *, partial: bool) -> list[Allocation]:
    """Take pieces from the locations in turn, and say what each item got; all, or it is refused."""
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
        kept = kept_for(draft, item_id, draft.order.items[item_id])
        if one.parts or one.missing:
            parts = _sum(kept.parts, one.parts)
            note(draft, item_id, Kept(kept.sku, parts, kept.committed, one.missing))
    return got


def _kept_until(draft: Draft) -> datetime | None:
    """By how the order will be paid: what is paid for, or paid at the door, is kept for good."""
    order, rules = draft.order, draft.path.stock
    if _waits_for_good(draft):
        return None
    announced = [entry.method for entry in order.ledger if entry.kind == "submitted"]
    policy = rules.keep if rules else DEFAULT_EXPIRY
    return reservation_expiry(announced[-1] if announced else None, draft.at, policy)


def _waits_for_good(draft: Draft) -> bool:
    """Whether there is nothing to wait for: it is paid, promised in full, or paid at the door.
    What we gave back of it is no debt, as long as we hold some.
    """
    order = draft.order
    if order.payment_status in _PAID or (order.balance.paid_minor > 0 and order.owed_minor <= 0):
        return True
    if any(entry.method == CASH_ON_DELIVERY for entry in order.ledger):
        return True
    authorised = any(entry.kind == "authorised" for entry in order.ledger)
    return authorised and order.due_minor <= secured_minor(order.ledger, order.currency)


def release(
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
    note(draft, item_id, replace(kept, parts=parts))


def unreserve(draft: Draft, item_id: str, pieces: int) -> None:
    """Let reserved pieces be ordered ones again."""
    if pieces:
        draft.add(_moved(item_id, pieces, RESERVED, INITIAL))


def _is_due(draft: Draft, sku: str, location: str, item_id: str) -> bool:
    held = draft.stock(sku, location).reserved_for(draft.order_id).get(item_id)
    return held is not None and held.is_due(draft.at)


def note(draft: Draft, item_id: str, kept: Kept) -> None:
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


def kept_for(draft: Draft, item_id: str, item: Item) -> Kept:
    """Give what the stocks keep for an item; of another article they keep nothing."""
    kept = draft.order.goods.get(item_id)
    return kept if kept and kept.sku == item.line.sku else Kept(item.line.sku, {})


def needed_for(item: Item, kept: Kept) -> int:
    """Count the pieces that are to be kept: those in hand, less what has left without being away.

    Of the pieces that a path wrote off those are away, or in hand, that got furthest.
    """
    return max(item.count((*IN_HAND, *AWAY)) - kept.committed, 0)


def kept_though_away(item: Item, kept: Kept) -> int:
    """Count the pieces that left and were not written off: their carrier told it, or it is long
    ago.
    """
    return min(kept.quantity, max(item.count(AWAY) - kept.committed, 0))


def _moved(item_id: str, quantity: int, source: str, target: str) -> e.ItemStatusChanged:
    return e.ItemStatusChanged(
        item_id=item_id, quantity=quantity, from_status=source, to_status=target
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    names: Iterable[str] = dict.fromkeys((*one, *other))
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}
