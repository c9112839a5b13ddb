"""What the items of an order cost together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from domain.orders.discounts_left import discount_left
from domain.orders.items import Item, charged_lines
from domain.orders.money import Totals, add_up, discount_within_price

if TYPE_CHECKING:
    from domain.orders.order import Order


def own_items(order: "Order", items: Mapping[str, Item]) -> list[Item]:
    """Give the items whose prices are in the order's currency."""
    return [item for item in items.values() if item.currency in (None, order.currency)]


def totals_of(order: "Order", items: Mapping[str, Item]) -> Totals:
    """Sum what the items cost in this order, with what is left of its discount, and delivery.

    An item in another currency than the order costs nothing in it.
    """
    placed = order.placed
    own = own_items(order, items)
    stated = placed.totals if placed else None
    totals = add_up(
        charged_lines(own),
        discount_minor=discount_left(placed, own) if placed else 0,
        delivery_minor=(stated.delivery_minor if stated else 0)
        + sum(item.delivery_minor for item in own),
        vat_included=placed.vat_included if placed else True,
    )
    return discount_within_price(totals)
