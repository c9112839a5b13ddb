"""What has to be said with a move, and where nobody is there to say it: an order that follows its
pieces has no reason of its own.
"""

from collections.abc import Iterator
from typing import Final

from domain.paths.findings import Finding
from domain.paths.path import OrderPath
from domain.paths.transitions import Requirement, Transition
from domain.refusals import Unmet

WHY: Final[tuple[Requirement, ...]] = ("reason_code", "initiator")  # what every failure says
_ADVICE: Final = "another status, or a transition that asks for nothing; no failure is without why"


def asked_for(path: OrderPath, target: str, transition: Transition) -> tuple[Requirement, ...]:
    """Name what has to be said: a failure always needs WHY, an override a reason, the transition
    may ask for more.
    """
    more: tuple[Requirement, ...] = ("reason",) if transition.override else ()
    more += WHY if path.statuses[target].final == "failure" else ()
    return tuple(dict.fromkeys((*transition.require, *more)))


def follows_say_nothing(path: OrderPath) -> Iterator[Unmet]:
    """What stands against publishing a path whose orders would have to say something."""
    for number, problem in _asked_of_nobody(path):
        yield Unmet(
            code="follow_asks",
            field=f"definition.follow.{number}",
            message=problem,
            needed=_ADVICE,
        )


def list_follow_findings(path: OrderPath) -> Iterator[Finding]:
    """Lint: the same of a path that is published already; such orders stay where they are."""
    for number, problem in _asked_of_nobody(path):
        yield Finding(
            code="follow_asks",
            severity="error",
            place=("follow", number),
            message=problem,
            why="an order that moves by itself has nobody to say it, so it does not move",
            needed=_ADVICE,
        )


def _asked_of_nobody(path: OrderPath) -> Iterator[tuple[int, str]]:
    for number, follow in enumerate(path.follow):
        for source in follow.from_:
            asked = asked_for(path, follow.to, path.matrix[source, follow.to])
            if asked:
                way = f"{source} to {follow.to}"
                yield number, f"nobody is there to follow from {way} with {', '.join(asked)}"
                break
