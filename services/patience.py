"""Asks a database that went away again, where nobody waits for the answer: imports go by it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event as Signal
from time import monotonic
from typing import TypeVar

import structlog

from domain.refusals import InfraError
from services.pipeline import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, PASSING

T = TypeVar("T")

log_ = structlog.get_logger()


@dataclass(slots=True)
class Patience:
    """How long a database may be away. Threads may share it.

    seconds: from the first time that something failed, for each thing that is asked
    stop:    once it is set, nothing is asked again
    """

    seconds: float
    stop: Signal = field(default_factory=Signal)

    def __call__(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer. The answer of one that was carried out may be lost, so
        whatever is asked is the same when it is done twice.

        Raises: as ask; InfraError of a database that is away, once patience is over
        """
        away_since: float | None = None
        wait_seconds = FIRST_WAIT_SECONDS
        while True:
            try:
                return ask()
            except InfraError as error:
                if error.code not in PASSING or error.stream_id is not None:
                    raise
                away_since = monotonic() if away_since is None else away_since
                waited = monotonic() - away_since
                if waited >= self.seconds or self.stop.is_set():
                    raise
                log_.warning("database_away", code=error.code, waited_seconds=round(waited, 3))
            self.stop.wait(wait_seconds)
            wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)
