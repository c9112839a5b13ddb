"""Everything that can have happened to a message that leaves the house. Stored names are contracts
for ever.

What it says and where it goes is worked out when it is sent: here stand only names and versions.
"""

from typing import Annotated, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.documents.papers import DrawnPaper
from domain.messages import Code, Event, Name, Personal, Shape

Channel = Literal["mail", "sms", "webhook"]
RecipientKind = Literal["customer", "owner", "user", "group", "address"]
Number = Annotated[int, Field(ge=1)]


class Recipient(Shape):
    """Who is told; how to reach them is looked up when it is sent."""

    kind: RecipientKind
    who: Name | None = None  # the user or the group
    customer_id: Name | None = None  # None: the customer of the order
    address: Personal | None = None  # an e-mail address or a phone number, of nobody who is known


class Message(Shape):
    """What shall be told, and to whom."""

    channel: Channel
    to: Recipient | None = None  # None: an endpoint
    template: Code | None = None  # what makes the text
    endpoint: Code | None = None  # of a webhook, as the settings name it
    order_id: UUID | None = None  # that it is about
    sku: Name | None = None  # article that it is about
    location: Code | None = None  # where the article is kept
    about_version: Number | None = None  # order or stock as of this version; None: when it is sent
    language: Code | None = None  # None: the one that the settings name
    rule: Code | None = None  # that asked for it
    rule_version: Number | None = None


class EffectRequested(Message, Event):
    """Fact: a message is to be sent."""

    NAME: ClassVar[str] = "effect.requested.v1"

    template_version: Number | None = None  # that makes the text, also if there is a later one
    attach: DrawnPaper | None = None  # made when it is sent


class EffectSent(Event):
    """Fact: the channel has taken the message."""

    NAME: ClassVar[str] = "effect.sent.v1"

    attempt: Number  # counted from 1, over all resends
    provider_id: Name | None = None  # how the channel calls the message


class EffectFailed(Event):
    """Fact: an attempt has failed."""

    NAME: ClassVar[str] = "effect.failed.v1"

    attempt: Number
    reason_code: Code
    error: Name  # for people; never what the other side said: that may be personal
    next_at: AwareDatetime | None = None  # when it is tried again; None: it is dead


class EffectResent(Event):
    """Fact: somebody wants it sent again, from now on with all its tries."""

    NAME: ClassVar[str] = "effect.resent.v1"


class EffectDropped(Event):
    """Fact: it is not to be sent any more."""

    NAME: ClassVar[str] = "effect.dropped.v1"

    reason_code: Code


EffectEvent = EffectRequested | EffectSent | EffectFailed | EffectResent | EffectDropped

EFFECT_EVENTS: tuple[type[Event], ...] = get_args(EffectEvent)


def effect_stream(effect_id: UUID) -> str:
    """Give the stream of an effect."""
    return f"effect-{effect_id}"
