"""The loop of every program that stays: turn after turn, with a rest where nothing is to be done.

The follower, the relay's lanes, the clocks, and whoever acts or sends go round in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Signal
from typing import Final, TypeVar

import structlog

from domain.refusals import InfraError
from projections.sessions import SessionLost

TRIES: Final = 5  # of a turn in which the session is lost
PATIENCE_SECONDS: Final = 2.0  # between two tries while a broker or the database is away


Done = TypeVar("Done")

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rest:
    """Between turns in which nothing was done: each twice as long as the one before."""

    shortest_seconds: float
    longest_seconds: float


def take_turns(
    turn: Callable[[], object], stop: Signal, rest: Rest, hear: Callable[[InfraError], None]
) -> None:
    """Take turns until told to stop; wait out what is away.

    turn: says whether something was done, then the next one comes at once
    hear: is told why a turn failed; what it raises ends the loop
    """
    seconds = rest.shortest_seconds
    while not stop.is_set():
        try:
            if turn():
                seconds = rest.shortest_seconds
                continue
        except InfraError as error:
            hear(error)
            seconds = PATIENCE_SECONDS
        stop.wait(seconds)
        seconds = min(seconds * 2, rest.longest_seconds)


def take_turn(turn: Callable[[], Done]) -> Done:
    """Take a single turn, for whoever does not stay: again if the session was lost in it.

    turn: may be taken again after it failed
    """
    for _ in range(TRIES - 1):
        try:
            return turn()
        except SessionLost as error:
            log_.warning("session_lost", message=str(error))
    return turn()
