"""What is public of what happens to an order as a whole, in the order of its life."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.public.shapes import (
    Buyer,
    Contact,
    Currency,
    Delivery,
    Discount,
    Line,
    Moment,
    PublicEvent,
    Sequence,
    Totals,
)


class OrderPlaced(PublicEvent):
    """A customer's order exists, on this path, for this money."""

    TYPE: ClassVar[str] = "order.placed.v1"

    external_id: Annotated[str | None, Field(description="its number in the source")] = None
    path: str
    path_version: int
    status: Annotated[str, Field(description="where it starts")]
    order_type: str
    channel: str
    shop: str
    customer: Buyer | None = None
    delivery: Delivery | None = None
    currency: Currency
    vat_included: bool
    lines: tuple[Line, ...]
    totals: Totals | None = None
    discounts: tuple[Discount, ...] | None = None
    test: Annotated[bool, Field(description="a test order, which reports leave out")]
    contact: Contact | None = None


class StatusChanged(PublicEvent):
    """Somebody moved the order, and its path allowed it."""

    TYPE: ClassVar[str] = "order.status_changed.v1"

    from_status: str | None = None
    to_status: str
    reason_code: str | None = None
    initiator: Annotated[str | None, Field(description="client, shop, carrier, system")] = None


class MoveApproved(PublicEvent):
    """Somebody agreed that the order, exactly as it is now, may be moved."""

    TYPE: ClassVar[str] = "order.move_approved.v1"

    to_status: str


class OverrideUsed(PublicEvent):
    """The move before was one against the usual way."""

    TYPE: ClassVar[str] = "order.override_used.v1"

    from_status: str
    to_status: str


class PathMigrated(PublicEvent):
    """From now on the order follows another version of its path, or another path."""

    TYPE: ClassVar[str] = "order.path_migrated.v1"

    from_path: str
    from_version: int
    path: str
    path_version: int
    from_status: str
    to_status: str


class StatusRecorded(PublicEvent):
    """Elsewhere the order entered a status, whether its path would allow it or not."""

    TYPE: ClassVar[str] = "order.status_recorded.v1"

    external_id: Annotated[str | None, Field(description="the order's number there")] = None
    path: str
    path_version: int
    to_status: str
    time_source: Literal["recorded", "derived"]
    conforming: Annotated[bool, Field(description="the path would have allowed it")]


class SourceStatusNoted(PublicEvent):
    """The source names a status without a time; it is no status change."""

    TYPE: ClassVar[str] = "order.source_status_noted.v1"


class FieldsChanged(PublicEvent):
    """Details of the order were changed: those that are named; without a value they were cleared.

    Of personal ones it says that they changed, not what they are.
    """

    TYPE: ClassVar[str] = "order.fields_changed.v1"

    changed: tuple[str, ...]
    delivery_method: str | None = None
    promised_at: Moment | None = None
    track_number: str | None = None
    contact: Contact | None = None


class DeadlinePassed(PublicEvent):
    """The order was still in a status when a moment of the status's limit had come."""

    TYPE: ClassVar[str] = "order.deadline_passed.v1"


class DeadlineSnoozed(PublicEvent):
    """The limit of the order's stay in its status ends later than it did."""

    TYPE: ClassVar[str] = "order.deadline_snoozed.v1"


class OwnerAssigned(PublicEvent):
    """Another group, or somebody else of it, is responsible for the order."""

    TYPE: ClassVar[str] = "order.owner_assigned.v1"

    group: str | None = None
    previous_group: str | None = None


class NoteAdded(PublicEvent):
    """Somebody wrote something about the order."""

    TYPE: ClassVar[str] = "order.note_added.v1"


class CallLogged(PublicEvent):
    """The shop and the customer called each other, or tried to."""

    TYPE: ClassVar[str] = "order.call_logged.v1"


class TestFlagChanged(PublicEvent):
    """The order counts, or does not count, in the reports."""

    TYPE: ClassVar[str] = "order.test_flag_changed.v1"

    test: bool


class FactAnnulled(PublicEvent):
    """An earlier event of this order was wrong: take it as never told."""

    TYPE: ClassVar[str] = "order.fact_annulled.v1"

    annulled_version: Sequence
    annulled_type: Annotated[str, Field(description="the type of that event")]


class EventWithheld(PublicEvent):
    """Something happened that cannot be told: its row is damaged, or it is too large for a record.

    It stands at its sequence, so that none is missing; once mended it may come again as what it is.
    """

    TYPE: ClassVar[str] = "order.event_withheld.v1"
