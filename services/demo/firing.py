"""A clock in virtual time: fires what becomes due while a story is told. Used by run.py."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING

from domain.messages import Outcome
from projections.reports.due_deadlines import begun_by
from services.clock import clockwork_of
from services.demo.clock import VirtualClock
from services.due import Due, DueDeadlines, DueWaits

if TYPE_CHECKING:
    from services.bootstrap import System


class Firing:
    """What is due until the next look is known beforehand, and fired at its moment. What a step of
    the story adds meanwhile is fired at the next look, if it still stands: looks take long.
    """

    def __init__(self, system: "System", clock: VirtualClock) -> None:
        system.prepare_projections()
        self._system = system
        self._clock = clock
        self._submit = system.pipeline.submit
        self._follower = system.follower()
        # A story knows nothing of goods that are given back: nobody would reserve them again.
        self._clockwork = clockwork_of(system, (DueDeadlines(), DueWaits()))
        self._ahead: deque[Due] = deque()
        self._answers: list[Future[Outcome]] = []
        self.fired = 0  # commands

    def look(self, until: datetime) -> None:
        """Fire what is due now, and see what becomes due until the next look."""
        self.settle()
        self._follower.catch_up()
        self.fired += self._clockwork.fire()
        self._ahead.extend(self._known_now(self._clockwork.list_due(until)))

    def _known_now(self, ahead: Sequence[Due]) -> Iterator[Due]:
        """Leave out what is of later: where a story was killed and is told again, the tables know
        it already, and it would come at another moment than it did.
        """
        with self._system.lend("orderpath_projector") as connection, connection.cursor() as cursor:
            begun = begun_by(cursor, {one.order_id for one in ahead}, self._clock.now)
        return (one for one in ahead if one.order_id in begun)

    def go_on(self, until: datetime) -> None:
        """Bring virtual time to a moment, and fire on the way what was seen."""
        while self._ahead and self._ahead[0].due_at <= until:
            due = self._ahead.popleft()
            self._clock.set(max(due.due_at, self._clock.now))
            self._answers.append(self._submit(due.command))
            self.fired += 1
        self._clock.set(until)

    def settle(self) -> None:
        """Wait until everything that was fired is answered."""
        for answer in self._answers:
            answer.result()
        self._answers.clear()
