"""What is stated of a price, held against what it is; and what stands against stating one at all.

Called by domain.products.pricing for whole orders and domain.orders.price_rights for one line.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.products.product import Product
from domain.refusals import Unmet


@dataclass(frozen=True, slots=True)
class Denied:
    """What stands against stating prices and discounts; where nothing does, what is said counts."""

    price: tuple[Unmet, ...] = ()  # of a line, with its rate of VAT
    discount: tuple[Unmet, ...] = ()  # of a line, and of the whole order

    def __bool__(self) -> bool:
        return bool(self.price or self.discount)


NOTHING: Final = Denied()


def sold(product: Product | None, currency: str | None, *, vat_included: bool) -> Product | None:
    """Give the product, if its price can be that of a line in this currency."""
    if product is None or not product.active or not vat_included:
        return None
    return product if product.currency == currency else None


def refused_at(place: str, unmet: Iterable[Unmet]) -> Iterator[Unmet]:
    """Tell of a right that is missing where in the command it would be needed."""
    for one in unmet:
        yield one.model_copy(update={"field": place})


def differences(
    place: str, code: str, said: Mapping[str, int], computed: Mapping[str, int]
) -> Iterator[Unmet]:
    """Compare what is said of an article or a delivery method with what it is."""
    for name, value in computed.items():
        if said.get(name, value) != value:
            yield Unmet(
                code="price_differs",
                field=f"{place}{name}",
                message=f"{name} of {code} says {said[name]}, it is {value}",
                needed=str(value),
            )
