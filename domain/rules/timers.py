"""What rules wait for: the clock says that it has come. Stream `timer-<order>`, in its shard.

Nothing is decided on it: rules judge the event, with the order as it is then.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import Code, Command, Decided, Event, Happened, Moment
from domain.refusals import Refusal
from domain.told_numbers import ToldNumber

Why = Literal["delay", "silence", "schedule"]
Version = Annotated[int, Field(ge=1)]


def stream_of(order_id: UUID) -> str:
    """Name the stream of an order's timers."""
    return f"timer-{order_id}"


class TimerFired(Event):
    """Fact: what a rule waits for has come."""

    NAME: ClassVar[str] = "timer.fired.v1"

    timer_id: UUID  # of what waited
    rule: Code
    rule_version: Version
    why: Why
    due_at: Moment


class FireTimer(Command):
    """Say that what a rule waits for has come. Sent by the clock, once for each time."""

    NAME: ClassVar[str] = "timer.fire"

    order_id: UUID
    timer_id: UUID
    rule: Code
    rule_version: ToldNumber
    why: Why
    due_at: Moment

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.order_id)


@dataclass(frozen=True, slots=True)
class Timers:
    """State of the stream: nothing is decided on it."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None

    def evolve(self, happened: Happened) -> "Timers":
        return replace(self, version=happened.version, last_occurred_at=happened.occurred_at)


def decide(_: Timers, command: FireTimer, now: datetime) -> list[Decided]:
    """Give the event; whether anything still waits, rules know."""
    if unmet := list(no_status_is_expected(command, "A timer")):
        raise Refusal(*unmet)
    said = command.model_dump(include=set(TimerFired.model_fields))
    return [Decided(TimerFired(**said), now)]
