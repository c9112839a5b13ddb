"""Parts of public messages. Each names every field that it tells, and is made from what has it."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Minor = Annotated[int, Field(description="minor units of the currency")]
Currency = Annotated[str, Field(description="ISO 4217")]
Pieces = Annotated[int, Field(description="whole pieces")]
Sequence = Annotated[int, Field(description="of an earlier event of the same order")]
PiecesByItem = Annotated[dict[str, int], Field(description="whole pieces by item_id")]
BasisPoints = Annotated[int, Field(description="2000 = 20 %")]
Moment = Annotated[datetime, Field(description="RFC 3339")]


class Public(BaseModel):
    """What a public message tells. Fields may be added that may be missing; nothing else changes.

    What there is nothing to say of is left out, never null.
    """

    # Built when first used: most programs publish nothing.
    model_config = ConfigDict(
        frozen=True, from_attributes=True, hide_input_in_errors=True, defer_build=True
    )


class PublicEvent(Public):
    """The data of one event. TYPE is what the message calls it: a contract, as stored names are.

    Today both are the same; a new stored version does not change TYPE as long as the data stays.
    """

    TYPE: ClassVar[str]


class Contact(Public):
    """How to reach the customer. Only where the shop has switched personal data on."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: Annotated[str | None, Field(description="where the goods go")] = None


class Buyer(Public):
    """Who buys: a key that says nothing of the person."""

    customer_id: str | None = None


class Delivery(Public):
    """How the goods travel."""

    method: str | None = None
    promised_at: Annotated[datetime | None, Field(description="what the customer was told")] = None


class Position(Public):
    """What is told of one position of an order wherever it is."""

    item_id: str
    sku: str
    title: str
    quantity: Pieces
    unit_price_minor: Minor
    discount_minor: Annotated[int, Field(description="off the whole line, minor units")]
    vat_bp: BasisPoints
    seller: str | None = None


class Line(Position):
    """One position of an order."""

    upsell: Annotated[bool, Field(description="added by the shop, not asked for")]


class Totals(Public):
    """What the order costs and what that is made of."""

    goods_minor: Annotated[int, Field(description="the lines after their discounts, minor units")]
    discount_minor: Annotated[int, Field(description="off the whole order, minor units")]
    delivery_minor: Minor
    vat_minor: Annotated[int, Field(description="contained in the total, minor units")]
    total_minor: Minor


class Discount(Public):
    """What a discount in force took off."""

    code: str
    item_id: Annotated[str | None, Field(description="missing: off the whole order")] = None
    amount_minor: Minor
