"""Facts from elsewhere, as RecordFacts brings them: what happened, when, and who it is."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from domain.messages import Code, Moment, Name, Shape
from domain.orders.events import Customer, Delivery, TimeSource, Told
from domain.orders.ledger import Kind
from domain.orders.money import MAX_MINOR, Currency, Line, Minor
from domain.orders.timeline import MAX_RANK, TimelineKey, key_of

Installments = Annotated[int, Field(ge=0, le=1_000)]
Rank = Annotated[int, Field(ge=0, le=MAX_RANK)]  # place among facts of the same second


class FactBody(Shape):
    """What all facts from elsewhere say: their identity and when they happened."""

    fact_id: UUID
    occurred_at: Moment

    @property
    def timeline_key(self) -> TimelineKey:
        """Its place: at the same second the order is placed first, items and payments follow."""
        rank = self.__dict__.get("rank")  # Asking a model for what it lacks takes 2 us.
        return key_of(self.occurred_at, 0, rank, self.fact_id)


class ToldFact(Told, FactBody):
    """A fact with what its source tells beside. Free text is personal, also about reasons."""

    reason_code: Code | None = None  # narrower than the event, which may be of before


class PlacedFact(ToldFact):
    """The order came into being."""

    kind: Literal["placed"] = "placed"
    status: Code
    rank: Rank = 0
    order_type: Code = "private"
    channel: Code = "import"
    shop: Name = "main"
    customer: Customer | None = None
    delivery: Delivery | None = None
    currency: Currency


class StatusFact(ToldFact):
    """The order entered a status."""

    kind: Literal["status"] = "status"
    status: Code
    rank: Rank
    time_source: TimeSource = "recorded"


class SourceStatusFact(FactBody):
    """The source names a status without a time."""

    kind: Literal["source_status"] = "source_status"
    source_status: Name


class ItemFact(FactBody):
    """A position of the order."""

    kind: Literal["item"] = "item"
    line: Line
    delivery_minor: Minor = 0
    currency: Currency | None = None  # None: the order's

    @model_validator(mode="after")
    def _is_payable(self) -> Self:
        if abs(self.line.net_minor) > MAX_MINOR:
            raise ValueError(f"the line may cost at most {MAX_MINOR} minor units")
        return self


class PaymentFact(ToldFact):
    """A payment was announced or moved."""

    kind: Literal["payment"] = "payment"
    movement: Kind
    payment_id: Name
    amount_minor: Minor
    currency: Currency
    method: Name | None = None
    installments: Installments | None = None


Fact = Annotated[
    PlacedFact | StatusFact | SourceStatusFact | ItemFact | PaymentFact,
    Field(discriminator="kind"),
]
