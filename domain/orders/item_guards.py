"""Conditions on the pieces of items. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.hints import one_of
from domain.messages import is_key, named
from domain.orders.items import SHIPPABLE, Item
from domain.orders.order import Order
from domain.orders.shipments import ON_THE_WAY, PLANNED, held
from domain.refusals import Unmet


def item_is_known(order: Order, item_id: str, field: str = "item_id") -> Iterator[Unmet]:
    if item_id not in order.items:
        yield Unmet(
            code="item_unknown",
            field=field,
            message=f"The order has no {named('item', item_id)}",
            needed=one_of(order.items, "add it first", is_key),
        )


def pieces_are_there(
    wanted: int, there: int, status: str, field: str = "quantity"
) -> Iterator[Unmet]:
    if there < wanted:
        yield Unmet(
            code="quantity_not_there",
            field=field,
            message=f"{wanted} pieces are asked for, {there} are in {status}",
            needed=f"at most {there}",
        )


def pieces_are_free(
    order: Order, item: Item, quantity: int, move: tuple[str, str]
) -> Iterator[Unmet]:
    """Pieces go where their shipment goes: nobody takes them out of it one by one."""
    yield from no_more_than(free_pieces(order, item, move), quantity)


def no_more_than(free: int, quantity: int) -> Iterator[Unmet]:
    if quantity > free:
        yield Unmet(
            code="pieces_in_shipment",
            field="quantity",
            message=f"{quantity} pieces are asked for, {max(free, 0)} are in no shipment",
            needed=f"at most {max(free, 0)}; or move their shipment",
        )


def free_pieces(order: Order, item: Item, move: tuple[str, str]) -> int:
    """Count the pieces that may take a way without their shipment."""
    source, target = move
    there = item.pieces.get(source, 0)
    if source in SHIPPABLE and target not in SHIPPABLE:
        return min(there, free_to_ship(order, item))
    if source == "shipped":
        return there - held(order.shipments.values(), item.line.item_id, ON_THE_WAY)
    return there


def free_to_ship(order: Order, item: Item) -> int:
    """Count the pieces that may be shipped and are in no shipment yet."""
    there = sum(item.pieces.get(status, 0) for status in SHIPPABLE)
    return there - pieces_planned(order, item)


def pieces_planned(order: Order, item: Item) -> int:
    """Count the pieces that a shipment waits for which is not handed over yet."""
    return held(order.shipments.values(), item.line.item_id, (PLANNED,))
