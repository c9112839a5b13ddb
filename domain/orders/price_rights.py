"""Who may state what a line costs and what comes off: the path's rights on `price` and `discount`.

Whoever may not pays what the product costs, with the discounts in force. Called by domain.catalog,
which reads the products then, by decide and by decide_items.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from domain.orders import commands as c
from domain.orders.added_line import leaves_out
from domain.orders.discounts_left import line_discount_at
from domain.orders.field_guards import field_may_be_edited
from domain.orders.guards import tells_fact
from domain.orders.money import Line
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.products.delivery_methods import STREAM as METHODS
from domain.products.delivery_methods import unlisted
from domain.products.events import stream_of
from domain.products.pricing import Offer, offer_streams
from domain.products.stating import NOTHING, Denied, article, differences, refused_at, sold
from domain.refusals import Unmet

TRAVEL: Final = frozenset({"delivery_method", "delivery_address"})  # how goods go, and where


def denied_to(order: Order, path: OrderPath | None, cmd: c.OrderCommand) -> Denied:
    """Say what the sender may not state. What a program tells with an order was agreed there."""
    if path is None or not path.limits_prices or tells_fact(cmd):
        return NOTHING
    return Denied(
        price=tuple(field_may_be_edited(order, path, cmd.actor, "price")),
        discount=tuple(field_may_be_edited(order, path, cmd.actor, "discount")),
    )


def prices_for(order: Order, path: OrderPath | None, cmd: c.OrderCommand) -> Iterable[str]:
    """Name the streams of what a line leaves out, and of what whoever may not state it pays."""
    match cmd:
        case c.PlaceOrder():
            if not denied_to(order, path, cmd):
                return ()
            known = offer_streams(cmd)
            return (one for one in offer_streams(cmd, checked=True) if one not in known)
        case c.AddItem() if leaves_out(cmd.line) or denied_to(order, path, cmd).price:
            return (stream_of(cmd.line.sku),)
        case c.ChangeItem() if denied_to(order, path, cmd).price:
            item = order.items.get(cmd.item_id)
            return (stream_of(item.line.sku),) if item is not None else ()
        case c.ChangeFields() if TRAVEL & {*cmd.wanted} and denied_to(order, path, cmd).price:
            return (METHODS,)
        case _:
            return ()


def price_may_be_stated(
    order: Order,
    path: OrderPath | None,
    cmd: c.AddItem | c.ChangeItem,
    line: Line,
    offer: Offer | None,
) -> Iterator[Unmet]:
    """A line that comes or changes has the price and the rate of VAT that its product has, and so
    have pieces that come to it; nothing comes off it but the share of what came off before.

    line:  as it would be
    offer: with the product, where prices_for names it
    """
    denied = denied_to(order, path, cmd)
    if not denied:
        return
    item = order.items[line.item_id] if isinstance(cmd, c.ChangeItem) else None
    before = item.line if item else None
    place = "line." if before is None else ""
    if denied.price and (before is None or _is_for_sale(before, line)):
        found = offer.products.get(line.sku) if offer else None
        vat_included = order.placed is None or order.placed.vat_included
        product = sold(found, order.currency, vat_included=vat_included)
        if product is None:
            yield from refused_at(f"{place}unit_price_minor", denied.price)
        else:
            names = ("unit_price_minor", "vat_bp")
            said, is_ = ({name: getattr(one, name) for name in names} for one in (line, product))
            unmet = differences(place, article(line.sku), said, is_)
            yield from unmet if before is None else map(_without_rate, unmet)
    left = line_discount_at(order.placed, item, line.quantity) if item else 0
    if line.discount_minor != left:
        yield from refused_at(f"{place}discount_minor", denied.discount)


def _without_rate(unmet: Unmet) -> Unmet:
    """A change states no rate of VAT: of another one, pieces are a line of their own."""
    if unmet.field != "vat_bp":
        return unmet
    return unmet.model_copy(update={"needed": "the pieces added as a line of their own"})


def _is_for_sale(before: Line, line: Line) -> bool:
    """Whether pieces are sold anew: at another price, or more of them."""
    return line.unit_price_minor != before.unit_price_minor or line.quantity > before.quantity


def delivery_may_be_changed(
    order: Order, path: OrderPath, cmd: c.ChangeFields, offer: Offer | None
) -> Iterator[Unmet]:
    """Goods travel otherwise only for what the order's delivery costs already, and get an address
    only with a method. An address that they have may be another: that was agreed.

    offer: with the listed methods, where prices_for names them; a shop that lists none takes any
    """
    if offer is None:
        return
    before = {name: order.field_value(name) for name in TRAVEL}
    after = before | {name: getattr(cmd, name) for name in TRAVEL & {*cmd.wanted}}
    code, is_sent = after["delivery_method"], bool(after["delivery_address"])
    is_other = code != before["delivery_method"]
    if code is None and not (is_sent and (is_other or not before["delivery_address"])):
        return
    if code is not None and not is_other:
        return
    methods = {m.code: m for m in offer.methods.values() if m.currency == order.currency}
    method = methods.get(str(code))
    money = order.money
    costs = method.price_for(money.goods_minor - money.discount_minor) if method else None
    if costs is None:
        yield unlisted(methods, None if code is None else str(code), "delivery_method")
    elif costs != money.delivery_minor:
        denied = denied_to(order, path, cmd).price
        yield Unmet(
            code="price_differs",
            field="delivery_method",
            message=f"Delivery by {code} costs {costs}, that of the order {money.delivery_minor}",
            needed=f"a method that costs {money.delivery_minor}, or for price {denied[0].needed}",
        )
