"""What discounts take off what is left of the goods that they were given for, in minor units.

Called by domain.orders.order, decide_items and price_rights.
"""

from collections.abc import Iterable

from domain.orders.events import OrderPlaced
from domain.orders.items import Item
from domain.orders.money import Line, share_of


def discount_left(placed: OrderPlaced, items: Iterable[Item]) -> int:
    """Give what is off the whole order now: of the goods that are left the share that it was.

    What was added or costs more since does not enlarge it.
    items: those in the order's currency, as they are now
    """
    if placed.totals is None or not placed.totals.discount_minor:
        return 0
    given_for = {line.item_id: line.net_minor for line in placed.lines}
    left = sum(min(item.net_minor, given_for.get(item.line.item_id, 0)) for item in items)
    return share_of(placed.totals.discount_minor, max(left, 0), sum(given_for.values()))


def line_discount_at(placed: OrderPlaced | None, item: Item, quantity: int) -> int:
    """Give what is off a line if it had so many pieces: fewer keep their share of it, and more
    leave what the live ones bear as it is.
    """
    more = quantity - item.line.quantity
    if more > 0:
        return share_of(item.discount_minor, quantity, item.live_quantity + more)
    whole = _as_placed(placed, item.line)
    return share_of(whole.discount_minor, quantity, whole.quantity)


def _as_placed(placed: OrderPlaced | None, line: Line) -> Line:
    """Give the line that this one is left of, so that many changes round no further than one."""
    for first in placed.lines if placed else ():
        if first.item_id == line.item_id and first.quantity >= line.quantity:
            left = share_of(first.discount_minor, line.quantity, first.quantity)
            return first if left == line.discount_minor else line
    return line
