"""What is asked of goods: what lies where, and what there is to sell."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from domain.messages import Name
from domain.refusals import Absent
from domain.stock.events import stream_of
from projections.reports.products import MOST_LISTED as MOST_PRODUCTS
from projections.reports.products import list_products
from projections.reports.stock import MOST_LISTED, StockNow, stock_now
from services.questions.question import Asked, question
from services.reading import product_history
from services.reading import stock_now as level_now

if TYPE_CHECKING:
    from services.bootstrap import System

Sku = Annotated[Name, Field(description="the article's number", examples=["TEA-100"])]


class ShowStock(Asked):
    """What lies where."""

    sku: Annotated[Sku | None, Field(description="only this article")] = None
    location: Annotated[Name | None, Field(description="only there")] = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most")] = MOST_LISTED


class StockLevel(Asked):
    """An article at a location, after the last event."""

    sku: Sku
    location: Annotated[Name, Field(examples=["main"])]


class Products(Asked):
    """What there is to sell."""

    category: Annotated[Name | None, Field(description="only of this one")] = None
    withdrawn: Annotated[bool, Field(description="withdrawn ones too")] = False

    limit: Annotated[int, Field(ge=1, le=MOST_PRODUCTS, description="rows at most")] = MOST_PRODUCTS


class ShowProduct(Asked):
    """A product with its prices."""

    sku: Sku


@question("stock.show", "/stock", reads="tables")
def show(system: "System", asked: ShowStock) -> StockNow:
    """Show what lies where, and which orders it is kept for."""
    with system.snapshot() as reader:
        found = stock_now(reader, sku=asked.sku, location=asked.location, limit=asked.limit)
    if asked.sku is not None and not found["levels"]:
        where = "anywhere" if asked.location is None else f"at {asked.location}"
        raise Absent(f"there was never anything of {asked.sku!r} {where}")
    return found


@question("stock.level", "/stock/{sku}/{location}", reads="log", right="stock.show")
def level(system: "System", asked: StockLevel) -> dict[str, Any]:
    """Show how much there is of an article at a location."""
    stock = level_now(system, stream_of(asked.sku, location=asked.location))
    now = stock.level
    return {
        "sku": asked.sku,
        "location": asked.location,
        "version": stock.version,
        "on_hand": now.on_hand,
        "reserved": now.reserved,
        "available": now.available,
        "short": now.short,
    }


@question("product.list", "/products", reads="tables")
def products(system: "System", asked: Products) -> list[Any]:
    """List the products with their prices."""
    with system.snapshot() as reader:
        return list(
            list_products(
                reader,
                category=asked.category,
                withdrawn=asked.withdrawn,
                limit=asked.limit,
            )
        )


@question("product.show", "/products/{sku}", reads="log")
def product(system: "System", asked: ShowProduct) -> dict[str, Any]:
    """Show a product as it is now, with every price that it had."""
    found = product_history(system, asked.sku)
    if found is None:
        raise Absent(f"there is no product {asked.sku!r}")
    return found
