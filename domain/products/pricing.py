"""What an order costs by the products' prices: the same function for a quote and for placing.

What a line leaves out is its product's; what it says is checked where the product is known.
Of the discounts in force the largest counts, one for each line and one for the whole order.
What the delivery costs is its method's, where nobody says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from domain.orders.events import Delivery
from domain.orders.money import AppliedDiscount, AskedLine, Line, Totals, add_up
from domain.products.delivery_methods import STREAM as METHODS
from domain.products.delivery_methods import DeliveryMethod, unlisted
from domain.products.discounts import STREAM as DISCOUNTS
from domain.products.discounts import Discount
from domain.products.events import stream_of
from domain.products.product import Product
from domain.products.stating import (
    NOTHING,
    Denied,
    article,
    differences,
    refused_at,
    sold,
    stated_in,
    unpriced,
)
from domain.refusals import Unmet

_CHECKED: Final = ("unit_price_minor", "vat_bp")


class Asked(Protocol):
    """What is to be priced: an order that is placed, or a basket."""

    @property
    def lines(self) -> tuple[AskedLine, ...]: ...
    @property
    def currency(self) -> str: ...
    @property
    def vat_included(self) -> bool: ...
    @property
    def discount_minor(self) -> int: ...  # agreed with the customer, beside those in force
    @property
    def delivery(self) -> Delivery | None: ...
    @property
    def delivery_minor(self) -> int: ...
    @property
    def check_prices(self) -> bool: ...
    @property
    def model_fields_set(self) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Offer:
    """What prices are taken from, as it is now: as far as an order needs it."""

    products: Mapping[str, Product]  # by SKU; empty: every line keeps the price that it states
    discounts: Sequence[Discount] = ()
    methods: Mapping[str, DeliveryMethod] = field(default_factory=dict)  # of delivery, by code
    denied: Denied = NOTHING  # what the sender may not state; that is what all of this says


@dataclass(frozen=True, slots=True)
class Priced:
    """What was asked for, with all that was left out. Amounts in minor units."""

    lines: tuple[Line, ...]
    totals: Totals
    discounts: tuple[AppliedDiscount, ...] = ()  # those in force, by line, the order's last
    unmet: tuple[Unmet, ...] = ()
    is_whole: bool = True  # every line has a price


def offer_streams(asked: Asked, *, checked: bool = False) -> tuple[str, ...]:
    """Name the streams that pricing reads: none where everything is stated and nobody checks.

    checked: whether the sender may not state everything, and so is checked like with check_prices
    """
    streams = [stream_of(sku) for sku in _skus(asked, checked)]
    if streams:
        streams.append(DISCOUNTS)
    if _costs_its_method(asked, checked):
        streams.append(METHODS)
    return tuple(streams)


def offer_in(asked: Asked, states: Mapping[str, Any], denied: Denied = NOTHING) -> Offer | None:
    """Pick the offer from the states of offer_streams; None where those are none."""
    checked = bool(denied)
    products = {sku: states[stream_of(sku)] for sku in _skus(asked, checked)}
    is_listed = _costs_its_method(asked, checked)
    if not products and not is_listed:
        return None
    discounts = list(states[DISCOUNTS].given.values()) if products else []
    methods = states[METHODS].given if is_listed else {}
    return Offer(products, discounts, methods, denied)


def _skus(asked: Asked, checked: bool) -> Iterable[str]:
    """Name the articles whose products are looked at: of all lines, or of none."""
    if not checked and _states_everything(asked):
        return ()
    return dict.fromkeys(line.sku for line in asked.lines)


def _states_everything(asked: Asked) -> bool:
    """Whether every line has its price already, and nobody wants it checked."""
    return not asked.check_prices and all(type(line) is Line for line in asked.lines)


def _costs_its_method(asked: Asked, checked: bool) -> bool:
    """Whether the delivery costs what the list says: whoever may not state that leaves out no
    method where the goods have somewhere to go.
    """
    if asked.delivery is None:
        return False
    if asked.delivery.method is None:
        return checked and bool(asked.delivery.address)
    return checked or asked.check_prices or "delivery_minor" not in asked.model_fields_set


def price(asked: Asked, offer: Offer | None, now: datetime) -> Priced:
    """Say what all lines and the delivery cost, and everything that stands against it.

    offer: None where everything is stated and nobody wants it checked.
    """
    if offer is not None and offer.products:
        priced = _Pricing(asked, offer, now).priced()
    else:
        lines = tuple([line for line in asked.lines if isinstance(line, Line)])
        priced = Priced(lines, _totals(asked, lines, asked.discount_minor))
    if offer is None:
        return priced
    return _with_delivery(asked, offer, priced)


class _Pricing:
    """One run of `price`: the lines by their products, then what comes off."""

    def __init__(self, asked: Asked, offer: Offer, now: datetime) -> None:
        self._asked = asked
        self._offer = offer
        self._denied = offer.denied
        checks_all = not _states_everything(asked)
        self._checks_price = checks_all or bool(offer.denied.price)
        self._checks_discount = checks_all or bool(offer.denied.discount)
        given = offer.discounts if self._checks_discount else ()
        self._in_force = [one for one in given if one.holds(asked.currency, now)]
        self._unmet: list[Unmet] = []

    def priced(self) -> Priced:
        lines = self._lines()
        costs = {n: line.quantity * line.unit_price_minor for n, line in lines.items()}
        applied = self._off_lines(lines, costs)
        whole = tuple(lines.values())
        agreed = self._asked.discount_minor
        if agreed:
            self._unmet += refused_at("discount_minor", self._denied.discount)
        left = max(sum(line.net_minor for line in whole) - agreed, 0)
        of_order = [one for one in self._in_force if one.is_of_order]
        best = _best(_reached(of_order, sum(costs.values())), left, 1)
        if best is not None:
            applied.append(best)
        totals = _totals(self._asked, whole, agreed + (best.amount_minor if best else 0))
        is_whole = len(whole) == len(self._asked.lines)
        return Priced(whole, totals, tuple(applied), tuple(self._unmet), is_whole)

    def _lines(self) -> dict[int, Line]:
        """Give the lines that have a price, by their place, before discounts in force."""
        lines = {}
        for number, line in enumerate(self._asked.lines):
            said = stated_in(line)
            product = self._sold(line.sku)
            if product is not None:
                names = _CHECKED if self._checks_price else ()
                computed = {name: getattr(product, name) for name in names}
                self._unmet += differences(f"lines.{number}.", article(line.sku), said, computed)
                said = {"title": product.title} | said | computed
            elif "unit_price_minor" not in said:
                product = self._offer.products[line.sku]
                place = f"lines.{number}."
                self._unmet.append(unpriced(place, line.sku, product, self._asked.currency))
                continue
            else:
                self._unmet += self._own(number, said)
            lines[number] = Line(**{"item_id": str(number + 1), "title": line.sku} | said)
        return lines

    def _own(self, number: int, said: Mapping[str, Any]) -> Iterable[Unmet]:
        """Whoever states what an article costs that nobody knows needs the right to."""
        yield from refused_at(f"lines.{number}.unit_price_minor", self._denied.price)
        if said.get("discount_minor"):
            yield from refused_at(f"lines.{number}.discount_minor", self._denied.discount)

    def _sold(self, sku: str) -> Product | None:
        """Give the product, if its price can be this order's."""
        asked, product = self._asked, self._offer.products[sku]
        return sold(product, asked.currency, vat_included=asked.vat_included)

    def _off_lines(self, lines: dict[int, Line], costs: Mapping[int, int]) -> list[AppliedDiscount]:
        """Take discounts off the lines of known products; what a line says of its own is checked.

        lines: are replaced.
        """
        if not self._checks_discount:
            return []
        applied = []
        products = {n: found for n, line in lines.items() if (found := self._sold(line.sku))}
        reached = []
        for one in self._in_force:
            covered = [n for n, product in products.items() if one.is_of(lines[n].sku, product)]
            reached += _reached([one] if covered else [], sum(costs[n] for n in covered))
        for number, product in products.items():
            line = lines[number]
            here = [one for one in reached if one.is_of(line.sku, product)]
            best = _best(here, costs[number], line.quantity, line.item_id)
            computed = {"discount_minor": best.amount_minor if best else 0}
            said = stated_in(self._asked.lines[number])
            self._unmet += differences(f"lines.{number}.", article(line.sku), said, computed)
            lines[number] = line.model_copy(update=computed)
            applied += [best] if best else []
        return applied


def _reached(discounts: Iterable[Discount], cost_minor: int) -> list[Discount]:
    """Leave out those whose minimum the goods do not cost."""
    return [one for one in discounts if cost_minor >= (one.minimum_minor or 0)]


def _best(
    discounts: Iterable[Discount], cost_minor: int, pieces: int, item_id: str | None = None
) -> AppliedDiscount | None:
    """Choose what takes most off, of equal ones the first by code; None if nothing does."""
    offs = sorted((-one.off(cost_minor, pieces), one.code) for one in discounts)
    if not offs or not offs[0][0]:
        return None
    return AppliedDiscount(code=offs[0][1], item_id=item_id, amount_minor=-offs[0][0])


def _with_delivery(asked: Asked, offer: Offer, priced: Priced) -> Priced:
    """Take what the delivery costs from its method. A shop that lists none takes any, as stated;
    whoever may not state it names a method that is listed.
    """
    checked = bool(offer.denied.price)
    if asked.delivery is None or not _costs_its_method(asked, checked) or not offer.methods:
        return priced
    code = asked.delivery.method
    methods = {m.code: m for m in offer.methods.values() if m.currency == asked.currency}
    is_said = "delivery_minor" in asked.model_fields_set
    if code not in methods and is_said and not checked:
        return priced
    if code is None or code not in methods:
        unmet = (*priced.unmet, unlisted(methods, code, "delivery.method"))
        return replace(priced, unmet=unmet, is_whole=False)
    totals = priced.totals
    computed = methods[code].price_for(totals.goods_minor - totals.discount_minor)
    said = {"delivery_minor": asked.delivery_minor} if is_said else {}
    unmet = (*priced.unmet, *differences("", code, said, {"delivery_minor": computed}))
    total_minor = totals.total_minor - totals.delivery_minor + computed
    totals = replace(totals, delivery_minor=computed, total_minor=total_minor)
    return replace(priced, totals=totals, unmet=unmet)


def _totals(asked: Asked, lines: tuple[Line, ...], discount_minor: int) -> Totals:
    return add_up(
        lines,
        discount_minor=discount_minor,
        delivery_minor=asked.delivery_minor,
        vat_included=asked.vat_included,
    )
