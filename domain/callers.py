"""Callers whose commands were refused so often that the rest was turned away uncounted one by one.

Stream `caller-<kind>:<id>`: one event for each minute of a flood, instead of one for each attempt.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import ActorKind, Command, Decided, Event, Happened, Moment, Name
from domain.refusals import Refusal
from domain.told_numbers import ToldNumber

Count = Annotated[int, Field(ge=1)]


def stream_of(kind: str, caller_id: str) -> str:
    """Name the stream of a caller."""
    return f"caller-{kind}:{caller_id}"


class AttemptsFlooded(Event):
    """Fact: within a minute a caller was refused too often, and turned away from then on."""

    NAME: ClassVar[str] = "attempt.flood.v1"

    caller_kind: ActorKind
    caller_id: Name
    minute: Moment  # its beginning
    refused: Count  # commands that were decided before
    turned_away: Count  # commands that were not decided any more


class CountFlood(Command):
    """Keep how many commands of a caller were turned away within a minute."""

    NAME: ClassVar[str] = "caller.count_flood"

    caller_kind: ActorKind
    caller_id: Name
    minute: Moment
    refused: ToldNumber
    turned_away: ToldNumber

    @property
    def stream_id(self) -> str:
        return stream_of(self.caller_kind, self.caller_id)


@dataclass(frozen=True, slots=True)
class Caller:
    """State of the stream: nothing is decided on it."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None

    def evolve(self, happened: Happened) -> "Caller":
        return replace(self, version=happened.version, last_occurred_at=happened.occurred_at)


def count_flood(_: Caller, command: CountFlood, now: datetime) -> list[Decided]:
    """Give the event: whoever counts has decided already."""
    unmet = list(no_status_is_expected(command, "A caller"))
    if unmet:
        raise Refusal(*unmet)
    said = command.model_dump(include=set(AttemptsFlooded.model_fields))
    return [Decided(AttemptsFlooded(**said), now)]
