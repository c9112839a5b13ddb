"""When an order must have left its status, and what is left of that while the clock is paused.

Parts of events.
"""

from dataclasses import dataclass

from pydantic import AwareDatetime

from domain.messages import Code


@dataclass(frozen=True, slots=True)  # Several an event: a model takes thrice the time.
class Deadline:
    """A moment by which the order must have left the status it is entering."""

    level: Code  # warn | due | escalate_<percent>
    at: AwareDatetime


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """What was left until a deadline when the clock was paused."""

    level: Code
    seconds: int  # by the clock of the limit, wall or working time; 0 or less: it had passed


@dataclass(frozen=True, slots=True)
class Paused:
    """The limit of a status that goes on when the order comes back into it."""

    status: Code
    left: tuple[TimeLeft, ...]
