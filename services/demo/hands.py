"""What happens by itself while a story is told: the clock, the rules and the senders, in virtual
time. Used by run.py.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from psycopg import Cursor

from domain.messages import Outcome
from domain.rules.timers import FireTimer
from projections.acts_taken import Act, Taken
from projections.reports.begun import happened_by, stays_begun_by, waits_begun_by
from services.clock import clockwork_of
from services.demo.clock import VirtualClock
from services.due import Due, DueDeadlines, DueWaits
from services.pace import Pace
from services.turns import take_turn

if TYPE_CHECKING:
    from services.bootstrap import System

NEEDED: Final = ("deadlines", "trigger_runs", "effects")  # tables; the others can wait for the end
_LAST: Final = timedelta(seconds=1)  # before the end, the last moment at which something happens


class Hands:
    """They look now and then. What becomes due until the next look is known then, and fired at its
    moment; what a step of the story adds meanwhile is seen at the next look: looks take long.
    """

    def __init__(
        self, system: "System", clock: VirtualClock, *, until: datetime, looks: int
    ) -> None:
        system.prepare_projections()
        self._system = system
        self._clock = clock
        self._apart = (until - clock.now) / looks
        self._end = until - _LAST
        self._submit = system.pipeline.submit
        self._follower = system.follower(*NEEDED)
        # A story knows nothing of goods that are given back: nobody would reserve them again.
        self._clockwork = clockwork_of(system, (DueDeadlines(), DueWaits()))
        self._acting = system.acting(_Happened(system))
        self._sender = system.sender()
        self._ahead: deque[Due] = deque()
        self._answers: list[Future[Outcome]] = []
        self.look_at = clock.now  # when they look next
        self.fired = 0  # commands of the clock
        self.acted = 0  # commands of rules

    def look(self) -> None:
        """See what has happened, and do what follows from it; see what becomes due until the next
        look. All that the story has sent must have been answered.
        """
        self.go_on(self.look_at)
        self._do()
        self.look_at += self._apart
        self._ahead.extend(self._known_now(self._clockwork.list_due(self.look_at)))

    def go_on(self, until: datetime) -> None:
        """Bring virtual time to a moment, and fire on the way what was seen."""
        while self._ahead and self._ahead[0].due_at <= until:
            due = self._ahead.popleft()
            self._clock.set(max(due.due_at, self._clock.now))
            self._answers.append(self._submit(due.command))
            self.fired += 1
        self._clock.set(until)

    def finish(self) -> None:
        """Look until the end, however long nothing happens before it."""
        while self.look_at < self._end:
            self.look()
        self.go_on(self._end)
        self._do()

    def _do(self) -> None:
        """Let rules act and messages go until nothing is left to do."""
        for answer in self._answers:
            answer.result()
        self._answers.clear()
        goes_on = True
        while goes_on:
            while take_turn(self._follower.step):
                pass
            acted = take_turn(self._acting.catch_up)
            self.acted += acted
            goes_on = bool(acted + take_turn(self._sender.send_due))

    def _known_now(self, ahead: Sequence[Due]) -> Iterator[Due]:
        """Leave out what is of later: where a story was killed and is told again, the tables know
        it already, and it would come at another moment than it did.
        """
        waits = {one.which: one for one in ahead if isinstance(one.command, FireTimer)}
        stays = {one.order_id for one in ahead if one.which not in waits}
        with _lent(self._system) as cursor:
            orders = stays_begun_by(cursor, stays, self._clock.now)
            begun = waits_begun_by(cursor, waits, self._clock.now)
        return (
            one
            for one in ahead
            if (one.which in begun if one.which in waits else one.order_id in orders)
        )


class _Happened(Pace):
    """Holds back what rules give for events of later, for the same reason."""

    def __init__(self, system: "System") -> None:
        super().__init__()
        self._system = system

    def let_go(self, taken: Taken) -> tuple[Taken, list[Act]]:
        """Behind an act of later everything of its shard is of later, too."""
        now = self._system.clock()
        with _lent(self._system) as cursor:
            happened = happened_by(cursor, {act.position for act in taken.acts}, now)
        later = [act for act in reversed(taken.acts) if act.position not in happened]
        return super().let_go(taken.before({act.shard: act.position for act in later}))


@contextmanager
def _lent(system: "System") -> Iterator[Cursor[Any]]:
    with system.lend("orderpath_projector") as connection, connection.cursor() as cursor:
        yield cursor
