"""Reads that wait for the stream workers: who drives the projections brings them up to date."""

from threading import Event as Signal
from time import monotonic
from typing import Final

from domain.reading import LogReader
from domain.refusals import InfraError
from projections.checkpoints import first_waiting
from services.projector import Projector

PATIENCE_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.02  # between two looks at the checkpoints


def await_workers(
    projector: Projector, log: LogReader, *, patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until the workers have applied the log as it is now.

    projector: knows the builds that they feed
    Raises:    InfraError workers_behind when patience ends before
    """
    end = log.head().position
    give_up_at = monotonic() + patience_seconds
    while (missing := _missing(projector, end)) and monotonic() < give_up_at:
        Signal().wait(LOOK_SECONDS)
    if missing:
        raise InfraError(
            "workers_behind",
            f"The workers are {missing:,} position{'s' * (missing != 1)} behind: "
            "`orderpath status` shows how far they are.",
        )


def _missing(projector: Projector, end: int) -> int:
    waiting = first_waiting(projector.pending())
    return 0 if waiting is None else max(end - waiting + 1, 0)
