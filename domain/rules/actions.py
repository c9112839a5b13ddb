"""What a rule does: each action is one command, built in domain.rules.acts."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from domain.documents.papers import PaperKind
from domain.messages import Code, Name, Shape, Text, is_blank
from domain.orders.candidates import Sharing
from domain.orders.events import Initiator
from domain.paths.definition import is_published
from domain.rules.triggers import Wait, kind_among

MAX_ACTIONS = 20  # of one rule


def _not_blank(text: str, info: ValidationInfo) -> str:
    if is_blank(text) and not is_published(info):
        raise ValueError("write something here")
    return text


Words = Annotated[Text, AfterValidator(_not_blank)]
Line = Annotated[Name, AfterValidator(_not_blank)]  # one, as lists show it
Owner = Annotated[dict[Literal["user", "group"], Name], Field(min_length=1)]


def _named_or_word(value: Any) -> str:
    """Somebody is named by keys, or meant by a word."""
    return "(named)" if isinstance(value, Mapping) else "(word)"


Recipient = Annotated[
    Annotated[Literal["customer", "owner"], Tag("(word)")] | Annotated[Owner, Tag("(named)")],
    Discriminator(_named_or_word),
]
Colleague = Annotated[
    Annotated[Literal["owner"], Tag("(word)")] | Annotated[Owner, Tag("(named)")],
    Discriminator(_named_or_word),
]


class Move(Shape):
    """Change the status of the order."""

    move: Code
    reason_code: Code | None = None
    initiator: Initiator | None = None
    reason: Words | None = None  # for people


class Details(Shape):
    """What a rule may set of an order. Nothing of it is personal."""

    delivery_method: Code | None = None
    track_number: Name | None = None

    @property
    def touches(self) -> frozenset[str]:
        """Name the fields of the order that it may change."""
        names = frozenset(self.model_fields_set)
        return names | {"track_numbers"} if "track_number" in names else names

    @model_validator(mode="after")
    def _names_something(self, info: ValidationInfo) -> Self:
        if not self.model_fields_set and not is_published(info):
            raise ValueError(f"write at least one of {', '.join(type(self).model_fields)}")
        return self


class SetField(Shape):
    """Set details of the order."""

    set: Details


class Assign(Shape):
    """Make somebody responsible for the order; `by` chooses a member of the group."""

    assign: Owner
    by: Sharing | None = None
    skill: Code | None = None  # that the member must have
    reason: Words | None = None  # for people

    @model_validator(mode="after")
    def _chooses_from_a_group(self, info: ValidationInfo) -> Self:
        if is_published(info):
            return self
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

    note: Words


class GiveTask(Shape):
    """Give somebody something to do, by a time."""

    task: Line  # what is to be done
    to: Colleague = "owner"
    due: Wait | None = None  # after the event


class RaiseAlert(Shape):
    """Show something in the inbox until somebody acknowledges it."""

    alert: Line  # what is the matter
    to: Colleague = "owner"


class Notify(Shape):
    """Send a message that a template makes of the order."""

    notify: Literal["mail", "sms"]
    to: Recipient
    template: Code
    attach: PaperKind | None = None  # to a mail; of an invoice the latest

    @model_validator(mode="after")
    def _only_mail_has_papers(self, info: ValidationInfo) -> Self:
        if is_published(info):
            return self
        if self.attach is not None and self.notify != "mail":
            raise ValueError("a paper goes with a mail only: take attach out, or notify by mail")
        return self

    @model_validator(mode="after")
    def _one_message_has_one_recipient(self, info: ValidationInfo) -> Self:
        if isinstance(self.to, Mapping) and len(self.to) > 1 and not is_published(info):
            raise ValueError("a message goes to one: write a second notify, for the group")
        return self


class CallWebhook(Shape):
    """Tell another system, at an endpoint that the settings name."""

    webhook: Code


ACTIONS: Final = (
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


Action = Annotated[
    Annotated[Move, Tag("(move)")]
    | Annotated[SetField, Tag("(set)")]
    | Annotated[Assign, Tag("(assign)")]
    | Annotated[TagCustomer, Tag("(tag)")]
    | Annotated[UntagCustomer, Tag("(untag)")]
    | Annotated[MarkCustomer, Tag("(mark)")]
    | Annotated[IssueDocument, Tag("(issue)")]
    | Annotated[WriteNote, Tag("(note)")]
    | Annotated[GiveTask, Tag("(task)")]
    | Annotated[RaiseAlert, Tag("(alert)")]
    | Annotated[Notify, Tag("(notify)")]
    | Annotated[CallWebhook, Tag("(webhook)")],
    Discriminator(
        kind_among(ACTIONS),
        custom_error_type="unknown_action",
        custom_error_message=f"an action has one of {', '.join(ACTIONS)}",
    ),
]
