"""Where messages leave the house: outlets, and what goes through them.

infra.outlets opens their gates, services.sending uses them.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from domain.effects.events import Channel
from domain.refusals import OrderpathError


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where messages leave the house: the mail, the SMS gateway, or one endpoint."""

    channel: Channel
    endpoint: str | None = None

    @property
    def name(self) -> str:
        """What it is paused by."""
        return self.endpoint or self.channel


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that this sender alone may send for a while."""

    effect_id: UUID
    attempt: int  # the one that it is taken for


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes with a mail, or to a file."""

    name: str  # of the file
    content: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a channel takes it: everything is looked up and written out."""

    message_id: str  # the same for every attempt: the receiver sees by it that it is repeated
    text: str  # of a webhook the body, JSON
    to: str | None = None  # address or number
    subject: str | None = None
    html: str | None = None
    attachment: Attachment | None = None  # of a mail


class Undelivered(OrderpathError):
    """A message did not go out. Says nothing that the other side said: it may be personal."""

    def __init__(
        self, code: str, error: str, *, final: bool = False, at_least: timedelta = timedelta()
    ) -> None:
        super().__init__(error)
        self.code = code  # stable, lower case
        self.error = error
        self.final = final  # trying again is of no use
        self.at_least = at_least  # how long the other side wants to be left alone


class Gate(Protocol):
    """One outlet, ready to be used. Threads may share it."""

    def send(self, outgoing: Outgoing) -> str | None:
        """Hand a message over; give what the other side calls it. Raises: Undelivered"""
        ...
