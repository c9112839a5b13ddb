"""What is stated of a price, held against what it is; and what stands against stating one at all.

Called by domain.products.pricing for whole orders and domain.orders.price_rights for one line.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.messages import is_article, named
from domain.orders.money import AskedLine
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


def stated_in(line: AskedLine) -> dict[str, Any]:
    """Give what a line does not leave out."""
    said = {name: getattr(line, name) for name in line.model_fields_set}
    return {name: value for name, value in said.items() if value is not None}


def unpriced(place: str, sku: str, product: Product, currency: str | None) -> Unmet:
    """Say why a line that leaves its price out cannot have the product's."""
    if not product.exists:
        why = f"There is no {named('product', sku, is_article)}"
    elif not product.active:
        why = f"The product{_shown(sku)} is sold no more"
    elif product.currency != currency:
        why = f"The product{_shown(sku)} has its price in {product.currency}"
    else:
        why = f"The price of the product{_shown(sku)} contains VAT, those of the order do not"
    return Unmet(
        code="price_unknown",
        field=f"{place}unit_price_minor",
        message=why,
        needed="a price in the line, or a product with one that fits",
    )


def article(sku: str) -> str:
    """Call an article in a refusal, which is stored: a SKU may be free text, even a name."""
    return sku if is_article(sku) else "the product"


def _shown(sku: str) -> str:
    return f" {sku}" if is_article(sku) else ""


def refused_at(place: str, unmet: Iterable[Unmet]) -> Iterator[Unmet]:
    """Tell of a right that is missing where in the command it would be needed."""
    for one in unmet:
        yield one.model_copy(update={"field": place})


def differences(
    place: str, of: str, said: Mapping[str, int], computed: Mapping[str, int]
) -> Iterator[Unmet]:
    """Compare what is said of an article or a delivery method with what it is; of: its name."""
    for name, value in computed.items():
        if said.get(name, value) != value:
            yield Unmet(
                code="price_differs",
                field=f"{place}{name}",
                message=f"{name} of {of} says {said[name]}, it is {value}",
                needed=str(value),
            )
