"""What a rule does: each action is one command, built in domain.rules.acts."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from domain.messages import Code, Name, Shape, Text
from domain.orders.candidates import Sharing
from domain.orders.events import Initiator
from domain.rules.triggers import Owner, Wait

MAX_ACTIONS = 20  # of one rule

Recipient = Literal["customer", "owner"] | Owner


class Move(Shape):
    """Change the status of the order."""

    move: Code
    reason_code: Code | None = None
    initiator: Initiator | None = None


class SetField(Shape):
    """Set details of the order."""

    set: Annotated[dict[Literal["delivery_method", "track_number"], Name], Field(min_length=1)]


class Assign(Shape):
    """Make somebody responsible for the order; `by` chooses a member of the group."""

    assign: Owner
    by: Sharing | None = None
    skill: Code | None = None  # that the member must have

    @model_validator(mode="after")
    def _chooses_from_a_group(self) -> Self:
        if self.by is not None and [*self.assign] != ["group"]:
            raise ValueError("`by` chooses a member of a group: assign a group, and no user")
        if self.skill is not None and self.by is None:
            raise ValueError("`skill` says who may be chosen: write `by` too")
        return self


class TagCustomer(Shape):
    """Put the customer among those who bear this tag."""

    tag: Code


class UntagCustomer(Shape):
    """Take a tag from the customer."""

    untag: Code


class MarkCustomer(Shape):
    """Warn of the customer."""

    mark: Code
    reason_code: Code


class IssueDocument(Shape):
    """Give the order a document with the next number of a series."""

    issue: Code  # its kind
    series: Code | None = None  # None: the one that is called as the kind


class WriteNote(Shape):
    """Write something about the order."""

    note: Text


class GiveTask(Shape):
    """Give somebody something to do, by a time."""

    task: Text  # what is to be done
    to: Owner | Literal["owner"] = "owner"
    due: Wait | None = None  # after the event


class RaiseAlert(Shape):
    """Show something in the inbox until somebody acknowledges it."""

    alert: Text  # what is the matter
    to: Owner | Literal["owner"] = "owner"


class Notify(Shape):
    """Send a message that a template makes of the order."""

    notify: Literal["mail", "sms"]
    to: Recipient
    template: Code


class CallWebhook(Shape):
    """Tell another system, at an endpoint that the settings name."""

    webhook: Code


_KINDS: Final = (
    "move",
    "set",
    "assign",
    "tag",
    "untag",
    "mark",
    "issue",
    "note",
    "task",
    "alert",
    "notify",
    "webhook",
)


def _kind_of(value: Any) -> str | None:
    """An action is of the kind whose key it has."""
    named = value if isinstance(value, Mapping) else getattr(value, "model_fields_set", ())
    return next((kind for kind in _KINDS if kind in named), None)


Action = Annotated[
    Annotated[Move, Tag("move")]
    | Annotated[SetField, Tag("set")]
    | Annotated[Assign, Tag("assign")]
    | Annotated[TagCustomer, Tag("tag")]
    | Annotated[UntagCustomer, Tag("untag")]
    | Annotated[MarkCustomer, Tag("mark")]
    | Annotated[IssueDocument, Tag("issue")]
    | Annotated[WriteNote, Tag("note")]
    | Annotated[GiveTask, Tag("task")]
    | Annotated[RaiseAlert, Tag("alert")]
    | Annotated[Notify, Tag("notify")]
    | Annotated[CallWebhook, Tag("webhook")],
    Discriminator(
        _kind_of,
        custom_error_type="unknown_action",
        custom_error_message=f"an action has one of {', '.join(_KINDS)}",
    ),
]
