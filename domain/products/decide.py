"""decide: from a product and a wish to events, or to everything that stands against it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, assert_never, cast

from domain.guards import no_status_is_expected
from domain.messages import Decided, Event, is_article, named
from domain.orders.guards import time_is_allowed
from domain.products import commands as c
from domain.products import events as e
from domain.products.product import Product
from domain.refusals import Refusal, Unmet

_NAMED: Final = ("title", "supplier", "category")
_PRICED: Final = ("unit_price_minor", "currency", "vat_bp")


def decide(product: Product, cmd: c.ProductCommand, now: datetime) -> list[Decided]:
    """Decide a command. What is so already is nothing.

    Raises: Refusal with every unmet condition
    """
    unmet = [*no_status_is_expected(cmd, "A product"), *time_is_allowed(cmd, now)]
    if not isinstance(cmd, c.PublishProduct):
        unmet += _is_known(product, cmd)
    if unmet:
        raise Refusal(*unmet)
    return [Decided(event, now) for event in _events(product, cast(c.ProductWish, cmd))]


def _events(product: Product, cmd: c.ProductWish) -> list[Event]:
    match cmd:
        case c.PublishProduct():
            wanted = {name: getattr(cmd, name) for name in (*_NAMED, *_PRICED)}
            if not product.active:
                return [e.ProductPublished(**wanted)]
            return _differing(product, wanted)
        case c.ChangeProduct():
            wanted = {name: getattr(cmd, name) for name in (*_NAMED, *_PRICED)}
            return _differing(product, {n: v for n, v in wanted.items() if v is not None})
        case c.WithdrawProduct():
            return [e.ProductWithdrawn()] if product.active else []
        case _:
            assert_never(cmd)


def _differing(product: Product, wanted: dict[str, Any]) -> list[Event]:
    """Tell only of what is not so already."""
    events: list[Event] = []
    for kind, names in ((e.ProductDescribed, _NAMED), (e.PriceChanged, _PRICED)):
        now = {name: getattr(product, name) for name in names}
        after = {name: wanted.get(name, now[name]) for name in names}
        if after != now:
            events.append(kind(**after))
    return events


def _is_known(product: Product, cmd: c.ProductCommand) -> Iterator[Unmet]:
    """Changing wants a product that is sold; withdrawing one that ever was."""
    if not product.exists:
        yield Unmet(
            code="product_unknown",
            field="sku",
            message=f"There is no {named('product', cmd.sku, is_article)}",
            needed="publish it first",
        )
    elif isinstance(cmd, c.ChangeProduct) and not product.active:
        yield Unmet(
            code="product_withdrawn",
            field="sku",
            message=f"The product {cmd.sku} is sold no more",
            needed="publish it again",
        )
