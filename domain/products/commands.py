"""What people and programs may ask of a product."""

from functools import cached_property
from typing import ClassVar, get_args

from domain.messages import Command, Name
from domain.orders.currencies import KnownCurrency
from domain.orders.money import BasisPoints, Minor
from domain.products.events import stream_of


class ProductCommand(Command):
    """A command to one product."""

    sku: Name

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.sku)


class PublishProduct(ProductCommand):
    """Say all that there is to say of a product: it is sold, so, at this price."""

    NAME: ClassVar[str] = "product.publish"

    title: Name
    unit_price_minor: Minor  # of a piece, with VAT
    currency: KnownCurrency
    vat_bp: BasisPoints = 0
    supplier: Name | None = None
    category: Name | None = None


class ChangeProduct(ProductCommand):
    """Change a product that is sold; what is None stays as it is."""

    NAME: ClassVar[str] = "product.change"

    title: Name | None = None
    unit_price_minor: Minor | None = None
    currency: KnownCurrency | None = None
    vat_bp: BasisPoints | None = None
    supplier: Name | None = None
    category: Name | None = None


class WithdrawProduct(ProductCommand):
    """Sell it no more."""

    NAME: ClassVar[str] = "product.withdraw"


ProductWish = PublishProduct | ChangeProduct | WithdrawProduct

COMMANDS: tuple[type[ProductCommand], ...] = get_args(ProductWish)
