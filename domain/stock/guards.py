"""Conditions on what may happen to a stock. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.messages import is_key
from domain.refusals import Unmet
from domain.stock.events import MAX_PIECES
from domain.stock.stock import ItemRef, Stock


def item_named(item_id: str) -> str:
    """Name an item that begins a sentence; free text may be personal and is not repeated."""
    return f"Item {item_id}" if is_key(item_id) else "An item"


def pieces_are_available(stock: Stock, item: ItemRef, quantity: int) -> Iterator[Unmet]:
    available = stock.level.available
    if quantity > available:
        yield Unmet(
            code="stock_not_available",
            message=f"{item_named(item.item_id)} asks for {quantity} pieces,"
            f" {available} are available",
            needed=f"at most {available}",
        )


def pieces_are_reserved(stock: Stock, item: ItemRef, quantity: int) -> Iterator[Unmet]:
    held = stock.reserved_for(item.order_id).get(item.item_id)
    reserved = held.quantity if held else 0
    if quantity > reserved:
        yield Unmet(
            code="stock_not_reserved",
            message=f"{item_named(item.item_id)} has {reserved} pieces reserved here,"
            f" not {quantity}",
            needed=f"at most {reserved}" if reserved else "reserve them first",
        )


def pieces_are_there(stock: Stock, quantity: int, field: str | None = None) -> Iterator[Unmet]:
    """Nothing leaves that the books do not have, reserved or not."""
    on_hand = stock.level.on_hand
    if quantity > on_hand:
        yield Unmet(
            code="stock_not_on_hand",
            field=field,
            message=f"{quantity} pieces would leave, {on_hand} are on hand",
            needed=f"at most {on_hand}, or a count that finds more",
        )


def has_room(stock: Stock, quantity: int, field: str | None = None) -> Iterator[Unmet]:
    room = MAX_PIECES - stock.level.on_hand
    if quantity > room:
        yield Unmet(
            code="stock_too_large",
            field=field,
            message=f"{stock.level.on_hand + quantity} pieces would be on hand",
            needed=f"at most {room} more",
        )
