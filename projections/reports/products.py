"""Questions: what is sold at which price, less what, and what does its delivery cost?"""

from datetime import datetime
from typing import Final, TypedDict, cast

from projections.reports.scope import Reader

MOST_LISTED: Final = 100_000


class ListedProduct(TypedDict):
    """A product; amounts in minor units with VAT."""

    sku: str
    title: str
    unit_price_minor: int
    currency: str
    vat_bp: int
    supplier: str | None
    category: str | None
    price_since: datetime
    active: bool


class ListedDiscount(TypedDict):
    """A discount; amounts in minor units."""

    code: str
    title: str | None
    scope: str
    sku: str | None
    category: str | None
    percent_bp: int | None
    amount_minor: int | None
    currency: str | None
    minimum_minor: int | None
    valid_from: datetime
    valid_until: datetime | None
    ended_at: datetime | None


class ListedMethod(TypedDict):
    """A way in which goods travel; amounts in minor units."""

    code: str
    title: str | None
    price_minor: int
    currency: str
    free_from_minor: int | None
    ended_at: datetime | None


def list_products(
    reader: Reader, *, category: str | None = None, withdrawn: bool = False, limit: int
) -> list[ListedProduct]:
    """List the products by SKU, those that are sold, or the withdrawn ones as well.

    Shape:  0..limit rows.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    _check(limit)
    wanted = {"category": category, "withdrawn": withdrawn, "limit": limit}
    return cast(list[ListedProduct], reader.execute(_PRODUCTS, wanted).fetchall())


def list_discounts(
    reader: Reader, now: datetime, *, everything: bool = False, limit: int
) -> list[ListedDiscount]:
    """List the discounts by code, without those that are over or were ended, or all.

    Shape:  0..limit rows.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    _check(limit)
    wanted = {"now": now, "everything": everything, "limit": limit}
    return cast(list[ListedDiscount], reader.execute(_DISCOUNTS, wanted).fetchall())


def list_delivery_methods(
    reader: Reader, *, everything: bool = False, limit: int
) -> list[ListedMethod]:
    """List the delivery methods by code, without those that were ended, or all.

    Shape:  0..limit rows.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    _check(limit)
    wanted = {"everything": everything, "limit": limit}
    return cast(list[ListedMethod], reader.execute(_METHODS, wanted).fetchall())


def _check(limit: int) -> None:
    if not 1 <= limit <= MOST_LISTED:
        raise ValueError(f"limit must be in 1..{MOST_LISTED}, not {limit}")


_PRODUCTS: Final = """
    select sku, title, unit_price_minor, currency, vat_bp, supplier, category, price_since, active
    from products
    where (%(category)s::text is null or category = %(category)s) and (active or %(withdrawn)s)
    order by sku limit %(limit)s
"""

_DISCOUNTS: Final = """
    select code, title, scope, sku, category, percent_bp, amount_minor, currency, minimum_minor,
        valid_from, valid_until, ended_at
    from discounts
    where %(everything)s
       or (ended_at is null and (valid_until is null or valid_until > %(now)s))
    order by code limit %(limit)s
"""

_METHODS: Final = """
    select code, title, price_minor, currency, free_from_minor, ended_at
    from delivery_methods
    where ended_at is null or %(everything)s
    order by code limit %(limit)s
"""
