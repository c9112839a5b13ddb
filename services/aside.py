"""Streams that cannot be read stand aside alone: whoever works on many goes on with the others, and
tells of these. Used by the clocks, and by whoever acts or sends.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

import structlog

from domain.alerts.damage import alert_of_damage
from domain.messages import Command, Outcome
from domain.refusals import InfraError

MOST_TOLD: Final = 100  # streams of a day of which an alert is raised; beyond, the log has them
AGAIN_SECONDS: Final = 60.0  # until what stands aside is tried again

log_ = structlog.get_logger()


class Aside:
    """Tells of each damaged stream once a day, in the log and by an alert. For one thread."""

    def __init__(
        self, execute: Callable[[Command], Outcome], now: Callable[[], datetime], program: str
    ) -> None:
        self._execute = execute
        self._now = now
        self._program = program
        self._told: set[str] = set()  # streams, on that day
        self._day = date.min

    def takes(self, error: InfraError) -> bool:
        """Say whether one stream alone is damaged, and tell of it; if not, nobody can go on.

        Raises: InfraError if it cannot be told
        """
        if error.stream_id is None:
            return False
        today = self._now().date()
        if today != self._day:
            self._day = today
            self._told.clear()
        if error.stream_id not in self._told:
            self._tell(error, error.stream_id)
        return True

    def _tell(self, error: InfraError, stream_id: str) -> None:
        log_.error(
            "stream_damaged",
            stream_id=stream_id,
            code=error.code,
            message=str(error),
            by=self._program,
        )
        if len(self._told) < MOST_TOLD:
            self._alert(error, stream_id)
            self._told.add(stream_id)

    def _alert(self, error: InfraError, stream_id: str) -> None:
        try:
            self._execute(alert_of_damage(stream_id, str(error), self._now()))
        except InfraError as fault:
            if fault.stream_id is None:
                raise
            log_.error("alert_not_raised", stream_id=fault.stream_id, message=str(fault))
