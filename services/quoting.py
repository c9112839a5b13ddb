"""What an order would cost and whether the goods are there: asked before it is placed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from domain.messages import Shape, is_code
from domain.orders.commands import MAX_LINES
from domain.orders.currencies import KnownCurrency
from domain.orders.events import Delivery
from domain.orders.money import AskedLine, Line, Minor, check_totals
from domain.products.events import stream_of as product_stream
from domain.products.pricing import Priced, offer_in, offer_streams, price
from domain.refusals import Unmet, Unusable
from domain.stock.allocation import Allocation, Wanted, allocate
from domain.stock.events import stream_of
from domain.stock.stock import Stock
from projections.reports.stock import locations_of
from services.states import StateCache

if TYPE_CHECKING:
    from services.bootstrap import System

FIRST_LOCATION: Final = "main"


class Basket(Shape):
    """What somebody would like to order. Its fields are those of PlaceOrder."""

    currency: KnownCurrency
    vat_included: bool = True
    lines: Annotated[tuple[AskedLine, ...], Field(min_length=1, max_length=MAX_LINES)]
    discount_minor: Minor = 0  # off the whole order, beside the discounts in force
    delivery: Delivery | None = None
    delivery_minor: Minor = 0
    check_prices: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket costs, and where its goods would come from."""

    currency: str
    priced: Priced
    allocations: Sequence[Allocation]  # one for each line that has a price
    available: Mapping[str, int]  # by SKU, pieces at all locations

    @property
    def unmet(self) -> tuple[Unmet, ...]:
        """Everything for which such an order would be refused."""
        return (*self.priced.unmet, *check_totals(self.priced.lines, self.priced.totals, None))

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys, described in docs/products.md."""
        lines = zip(self.priced.lines, self.allocations, strict=True)
        return {
            "currency": self.currency,
            "lines": [self._line(line, allocation) for line, allocation in lines],
            "discounts": [one.model_dump() for one in self.priced.discounts],
            "totals": asdict(self.priced.totals),
            "unmet": [one.model_dump() for one in self.unmet],
        }

    def _line(self, line: Line, allocation: Allocation) -> dict[str, Any]:
        return {
            **line.model_dump(include=set(_SHOWN)),
            "net_minor": line.net_minor,
            "available": self.available[line.sku],
            "missing": allocation.missing,
            "locations": dict(allocation.parts),
            "availability": allocation.explanation,
        }


_SHOWN: Final = (
    "item_id", "sku", "title", "quantity", "unit_price_minor", "discount_minor", "vat_bp"
)  # fmt: skip


def quote(system: "System", basket: Basket, locations: Sequence[str] | None = None) -> Quote:
    """Price a basket as an order would be now, and say which goods are there.

    locations: where to look, in this order; None: wherever the articles lie, main first.
    Raises:    Unusable for what is no code of a location
    """
    skus = list(dict.fromkeys(line.sku for line in basket.lines))
    chosen = _locations(system, skus) if locations is None else locations
    if wrong := [location for location in chosen if not is_code(location)]:
        raise Unusable(f"{wrong[0]!r} is no location: write its code, as main")
    places = [stream_of(sku, location=location) for sku in skus for location in chosen]
    streams = [*offer_streams(basket), *places]
    states = StateCache(len(streams)).fetch(system.log, streams, fresh=True)
    priced = price(basket, offer_in(basket, states), system.clock())
    wanted = [Wanted(line.item_id, line.sku, line.quantity) for line in priced.lines]
    allocations, _ = allocate(wanted, chosen, states, partial=True)
    available = {sku: _available(sku, chosen, states) for sku in skus}
    return Quote(basket.currency, priced, allocations, available)


def currency_of(system: "System", skus: Sequence[str]) -> str:
    """Give the currency of the first of these products that there is. Raises: Unusable"""
    streams = [product_stream(sku) for sku in skus]
    states = StateCache(len(streams)).fetch(system.log, streams, fresh=True)
    for product in states.values():
        if product.exists:
            return str(product.currency)
    raise Unusable("no product is known here, so the currency is not: name it")


def _locations(system: "System", skus: Sequence[str]) -> list[str]:
    system.catch_up()  # Only the projections know where an article lies.
    with system.snapshot() as reader:
        found = locations_of(reader, skus)
    return sorted(found, key=lambda location: (location != FIRST_LOCATION, location))


def _available(sku: str, locations: Sequence[str], states: Mapping[str, Any]) -> int:
    stocks: list[Stock] = [states[stream_of(sku, location=location)] for location in locations]
    return sum(stock.level.available for stock in stocks)
