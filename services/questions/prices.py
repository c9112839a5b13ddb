"""What is asked of what orders cost: discounts, ways of delivery, and a quote before an order."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import ConfigDict, Field

from domain.messages import Name
from projections.reports.products import (
    ListedDiscount,
    ListedMethod,
    list_delivery_methods,
    list_discounts,
)
from services.questions.question import Asked, question
from services.quoting import Basket, currency_of
from services.quoting import quote as quoted

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LISTED: Final = 1_000
MOST_SKUS: Final = 500
MOST_LOCATIONS: Final = 100
Limit = Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most")]


class Discounts(Asked):
    """What is taken off the prices."""

    everything: Annotated[bool, Field(description="also what is over or ended")] = False
    limit: Limit = MOST_LISTED


class DeliveryMethods(Asked):
    """How goods travel."""

    everything: Annotated[bool, Field(description="also those that were ended")] = False
    limit: Limit = MOST_LISTED


class CurrencyOf(Asked):
    """Articles, of which the first that is known says in which currency it is sold."""

    skus: Annotated[
        tuple[Name, ...], Field(min_length=1, max_length=MOST_SKUS, examples=[["TEA-100"]])
    ]


class QuoteBasket(Asked):
    """What somebody would like to order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"basket": {"currency": "EUR", "lines": [{"sku": "TEA-100", "quantity": 2}]}}
            ]
        }
    )

    basket: Basket
    locations: Annotated[
        tuple[Name, ...] | None,
        Field(max_length=MOST_LOCATIONS, description="in this order; by default everywhere"),
    ] = None


@question("discount.list", "/discounts", reads="tables")
def discounts(system: "System", asked: Discounts) -> list[ListedDiscount]:
    """List the discounts that are given, or will be."""
    with system.snapshot() as reader:
        return list_discounts(
            reader, system.clock(), everything=asked.everything, limit=asked.limit
        )


@question("delivery_method.list", "/delivery-methods", reads="tables")
def delivery_methods(system: "System", asked: DeliveryMethods) -> list[ListedMethod]:
    """List the delivery methods with their prices."""
    with system.snapshot() as reader:
        return list_delivery_methods(reader, everything=asked.everything, limit=asked.limit)


@question("product.currency", "/product-currency", reads="log", right="product.show")
def currency(system: "System", asked: CurrencyOf) -> dict[str, str]:
    """Give the currency of the first of these articles that is known."""
    return {"currency": currency_of(system, asked.skus)}


@question("product.quote", "POST /quote", reads="tables")
def quote(system: "System", asked: QuoteBasket) -> dict[str, Any]:
    """Say what an order would cost now, and whether the goods are there."""
    return quoted(system, asked.basket, asked.locations or None).as_dict()
