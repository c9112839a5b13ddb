"""What people and programs may ask of an order. One class per intent."""

# Everybody looks up what may be asked of an order here, with the facts that RecordFacts tells.
# ruff: noqa: PLC0414

from typing import Annotated, ClassVar, Self, get_args
from uuid import UUID

from pydantic import Field, model_validator

from domain.messages import AskedCode, Code, Moment, Name, Personal, Written
from domain.orders.call_commands import LogCall as LogCall
from domain.orders.currencies import KnownCurrency
from domain.orders.deadline_commands import DeadlineCommand as DeadlineCommand
from domain.orders.deadline_commands import PassDeadline as PassDeadline
from domain.orders.deadline_commands import SnoozeDeadline as SnoozeDeadline
from domain.orders.document_commands import IssueDocument as IssueDocument
from domain.orders.document_commands import MoveDocument as MoveDocument
from domain.orders.events import Customer, Delivery, Initiator
from domain.orders.facts import Fact as Fact
from domain.orders.facts import ItemFact as ItemFact
from domain.orders.facts import PaymentFact as PaymentFact
from domain.orders.facts import PlacedFact as PlacedFact
from domain.orders.facts import SourceStatusFact as SourceStatusFact
from domain.orders.facts import StatusFact as StatusFact
from domain.orders.fields import FIELDS
from domain.orders.money import AskedLine, Minor, Quantity, StatedTotals
from domain.orders.order_command import OrderCommand as OrderCommand
from domain.orders.payment_commands import AuthorisePayment as AuthorisePayment
from domain.orders.payment_commands import ChargeBackPayment as ChargeBackPayment
from domain.orders.payment_commands import ChargePayment as ChargePayment
from domain.orders.payment_commands import GrantRefund as GrantRefund
from domain.orders.payment_commands import IncomingPayment as IncomingPayment
from domain.orders.payment_commands import PaymentCommand as PaymentCommand
from domain.orders.payment_commands import PlacedPayment as PlacedPayment
from domain.orders.payment_commands import RefundPayment as RefundPayment
from domain.orders.payment_commands import ReturnedPayment as ReturnedPayment
from domain.orders.payment_commands import SubmitPayment as SubmitPayment
from domain.orders.shipment_commands import CreateShipment as CreateShipment
from domain.orders.shipment_commands import MoveShipment as MoveShipment
from domain.orders.shipment_commands import ShipmentCommand as ShipmentCommand
from domain.orders.shipment_commands import TrackShipment as TrackShipment
from domain.told_numbers import ToldNumber

MAX_LINES = 500  # positions in one order
MAX_FACTS = 500  # facts in one command


class PlaceOrder(OrderCommand):
    """Create an order. Without totals they are computed; stated ones are checked.

    What a line leaves out is its product's, see domain.products.pricing.
    """

    NAME: ClassVar[str] = "order.place"
    MAY_BE_FACT: ClassVar[bool] = True

    path: Code | None = None  # None: the one that applies to its type, channel and shop
    order_type: Code = "private"
    channel: Code = "web"
    shop: Name = "main"
    external_id: Name | None = None
    customer: Customer | None = None
    enquiry_id: UUID | None = None  # that becomes this order; who asked then orders
    delivery: Delivery | None = None
    currency: KnownCurrency
    vat_included: bool = True
    lines: Annotated[tuple[AskedLine, ...], Field(min_length=1, max_length=MAX_LINES)]
    discount_minor: Minor = 0  # off the whole order, beside the discounts in force
    delivery_minor: Minor = 0
    stated: StatedTotals | None = None
    check_prices: bool = False  # also those of lines that leave nothing out
    payment: PlacedPayment | None = None
    test: bool = False


class ChangeStatus(OrderCommand):
    """Move the order along its path."""

    NAME: ClassVar[str] = "order.change_status"
    FOLLOWS_PATH: ClassVar[bool] = True

    to_status: AskedCode
    reason_code: Code | None = None
    initiator: Initiator | None = None


class CancelOrder(OrderCommand):
    """End the order without success. The path says where cancelled orders go."""

    NAME: ClassVar[str] = "order.cancel"
    FOLLOWS_PATH: ClassVar[bool] = True

    reason_code: Code | None = None
    initiator: Initiator | None = None
    to_status: AskedCode | None = None  # None: the path's first failure status


class ApproveMove(OrderCommand):
    """Agree to a move that needs four eyes. Any change of the order voids it."""

    NAME: ClassVar[str] = "order.approve_move"
    FOLLOWS_PATH: ClassVar[bool] = True

    to_status: AskedCode


class ChangeFields(OrderCommand):
    """Change details. Fields that are set explicitly are changed, None clears one."""

    NAME: ClassVar[str] = "order.change_fields"
    FOLLOWS_PATH: ClassVar[bool] = True

    customer_name: Personal | None = None
    customer_phone: Personal | None = None
    customer_email: Personal | None = None
    delivery_address: Personal | None = None
    delivery_method: Code | None = None
    promised_at: Moment | None = None
    track_number: Name | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the fields that the sender set, in a stable order."""
        return tuple(name for name in FIELDS if name in self.model_fields_set)


class ItemCommand(OrderCommand):
    """A command to the positions of an order."""

    FOLLOWS_PATH: ClassVar[bool] = True


class AddItem(ItemCommand):
    """Add a position. What its line leaves out is its product's."""

    NAME: ClassVar[str] = "order.add_item"

    line: AskedLine


class ChangeItem(ItemCommand):
    """Change quantity, price or discount of a position."""

    NAME: ClassVar[str] = "order.change_item"

    item_id: Name
    quantity: Quantity | None = None
    unit_price_minor: Minor | None = None
    discount_minor: Minor | None = None


class MoveItem(ItemCommand):
    """Bring some pieces of a position from one item status to another."""

    NAME: ClassVar[str] = "order.move_item"

    item_id: Name
    quantity: Quantity
    from_status: Code
    to_status: Code
    reason_code: Code | None = None
    supplier: Name | None = None  # whom the pieces are bought from, or came from


class CancelItem(ItemCommand):
    """Take pieces of a position out of the order, from the least advanced status on."""

    NAME: ClassVar[str] = "order.cancel_item"

    item_id: Name
    quantity: Quantity | None = None  # None: all that can be cancelled
    reason_code: Code


class ReserveItems(OrderCommand):
    """Reserve what is ordered and not reserved yet, as much as there is."""

    NAME: ClassVar[str] = "order.reserve_items"
    FOLLOWS_PATH: ClassVar[bool] = True


class ExpireReservations(OrderCommand):
    """Give back what is kept for the order beyond its time. Twice is nothing."""

    NAME: ClassVar[str] = "order.expire_reservations"
    FOLLOWS_PATH: ClassVar[bool] = True

    due_at: Moment | None = None  # up to which the clock has seen what is due


class AssignOwner(OrderCommand):
    """Make a person or a group responsible."""

    NAME: ClassVar[str] = "order.assign_owner"

    user: Name | None = None
    group: Name | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.user is None and self.group is None:
            raise ValueError("name a user, a group, or both")
        return self


class AddNote(OrderCommand):
    """Write something about the order."""

    NAME: ClassVar[str] = "order.add_note"

    text: Written


class MarkTest(OrderCommand):
    """Take the order out of the reports, or back in."""

    NAME: ClassVar[str] = "order.mark_test"

    test: bool = True


class CorrectFact(OrderCommand):
    """Annul a wrong fact of this order. The reason is mandatory."""

    NAME: ClassVar[str] = "order.correct"

    version: ToldNumber  # the event's version within the order


class RecordFacts(OrderCommand):
    """Record what happened elsewhere: an import or another system tells it, never a person.

    Never refused for contradicting the path.
    """

    NAME: ClassVar[str] = "order.record_facts"

    path: Code
    facts: Annotated[tuple[Fact, ...], Field(min_length=1, max_length=MAX_FACTS)]


ItemChange = AddItem | ChangeItem | MoveItem | CancelItem

# What may be asked of an order that exists.
Change = (
    ChangeStatus
    | CancelOrder
    | ApproveMove
    | ChangeFields
    | ItemChange
    | ReserveItems
    | ExpireReservations
    | SubmitPayment
    | AuthorisePayment
    | ChargePayment
    | RefundPayment
    | ChargeBackPayment
    | GrantRefund
    | ShipmentCommand
    | MoveDocument
    | PassDeadline
    | SnoozeDeadline
    | AssignOwner
    | AddNote
    | LogCall
    | MarkTest
    | CorrectFact
)

COMMANDS: tuple[type[OrderCommand], ...] = (
    PlaceOrder,
    *get_args(Change),
    IssueDocument,
    RecordFacts,
)
