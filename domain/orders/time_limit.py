"""The time limit of an order's stay in a status, as events make it. Facts move none.

Part of an order's state; the read model `deadlines` folds the same.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import PlainSerializer

from domain.messages import Event, Happened
from domain.orders import events as e

# Stored in one order: left to itself, a set has another one in each process.
Levels = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]
NONE: Levels = frozenset()


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """The deadlines of the status that was entered last, and the limit that a pause keeps."""

    entered: int = 0  # version of the event that entered the status
    since: int = 0  # version of the event that made the limit what it is
    deadlines: tuple[e.Deadline, ...] = ()
    passed: Levels = NONE  # of which it was said that they have come
    paused: e.Paused | None = None  # goes on when the order comes back
    paused_passed: Levels = NONE

    @property
    def open(self) -> tuple[e.Deadline, ...]:
        """The deadlines that are still to come, or have come and nobody said so."""
        return tuple([one for one in self.deadlines if one.level not in self.passed])


NO_LIMIT: Final = TimeLimit()


def limit_after(limit: TimeLimit, event: Event, happened: Happened) -> TimeLimit:
    """Give the limit after one more event of the order."""
    match event:
        case e.StatusChanged():
            return _moved(limit, event, happened.version)
        case e.OrderPlaced() if happened.fact_id is None:
            return TimeLimit(happened.version, happened.version, event.deadlines)
        case e.PathMigrated(entered=True):
            return TimeLimit(happened.version, happened.version, event.deadlines)
        case e.DeadlinePassed(level=level):
            return replace(limit, passed=limit.passed | {level})
        case e.DeadlineSnoozed(deadlines=deadlines):
            return replace(limit, since=happened.version, deadlines=deadlines, passed=NONE)
        case _:
            return limit


def _moved(limit: TimeLimit, event: e.StatusChanged, version: int) -> TimeLimit:
    """What was said before a pause is not said again when the limit goes on."""
    comes_back = limit.paused is not None and limit.paused.status == event.to_status
    passed = limit.paused_passed if comes_back else NONE
    if event.paused is None:
        return TimeLimit(version, version, event.deadlines, passed)
    kept = limit.paused_passed if event.paused == limit.paused else limit.passed
    return TimeLimit(version, version, event.deadlines, passed, event.paused, kept)
