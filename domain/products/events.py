"""Everything that can have happened to a product. Its SKU is what the stream is named after.

Prices are integer minor units of a piece and contain the VAT; each holds from the moment on in
which it was decided (occurred_at in the envelope).
"""

from typing import ClassVar, get_args

from domain.messages import Event, Name
from domain.orders.money import BasisPoints, Currency, Minor


class ProductPublished(Event):
    """Fact: the product is sold, for the first time or again."""

    NAME: ClassVar[str] = "product.published.v1"

    title: Name
    unit_price_minor: Minor
    currency: Currency
    vat_bp: BasisPoints = 0  # contained in the price
    supplier: Name | None = None
    category: Name | None = None


class ProductDescribed(Event):
    """Fact: the product is called or filed otherwise now; None: nobody says."""

    NAME: ClassVar[str] = "product.described.v1"

    title: Name
    supplier: Name | None = None
    category: Name | None = None


class PriceChanged(Event):
    """Fact: the product costs something else from now on."""

    NAME: ClassVar[str] = "product.price_changed.v1"

    unit_price_minor: Minor
    currency: Currency
    vat_bp: BasisPoints = 0  # contained in the price


class ProductWithdrawn(Event):
    """Fact: the product is sold no more."""

    NAME: ClassVar[str] = "product.withdrawn.v1"


ProductEvent = ProductPublished | ProductDescribed | PriceChanged | ProductWithdrawn

PRODUCT_EVENTS: tuple[type[Event], ...] = get_args(ProductEvent)


def stream_of(sku: str) -> str:
    """Give the stream of a product."""
    return f"product-{sku}"
