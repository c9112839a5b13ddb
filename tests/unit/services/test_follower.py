"""The follower's patience: short waits while events come, long ones while none do."""

from collections.abc import Sequence
from threading import Event as Signal
from typing import Any
from uuid import UUID

from domain.reading import Head
from domain.refusals import InfraError
from projections.checkpoints import Pending
from services.deliveries import Delivery
from services.follower import Follower
from services.turns import PATIENCE_SECONDS
from tests.unit.projections.test_timeline_columns import recorded

LOG_ID = UUID(int=1)


class FakeLog:
    """A log of orders' notes; away as often as told."""

    def __init__(self, end: int, away: int = 0) -> None:
        self.end, self.away = end, away

    def head(self) -> Head:
        return Head(LOG_ID, 1, self.end)

    def read_lenient(self, after: int, limit: int, **_: Any) -> list[Any]:
        if self.away:
            self.away -= 1
            raise InfraError("database_unavailable", "away")
        return [recorded(n, n, None) for n in range(after + 1, min(after + limit, self.end) + 1)]


class FakeProjector:
    """Remembers what was delivered."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def apply(self, deliveries: Sequence[Delivery]) -> int:
        self.deliveries += deliveries
        return 0

    def pending(self) -> list[Pending]:
        done = max((d.last for d in self.deliveries), default=0)
        return [Pending("orders", 1, 1, 0, done, None if done else 1, replaced=False)]


class Waits(Signal):
    """Lets time pass at once, and stops after some waits."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) == self._most:
            self.set()
        return self.is_set()


def follower(log: FakeLog, projector: FakeProjector, batch_events: int = 4) -> Follower:
    return Follower(projector, log, batch_events=batch_events)  # type: ignore[arg-type]


def test_waits_grow_while_nothing_comes_up_to_a_limit() -> None:
    waits = Waits(8)

    follower(FakeLog(0), FakeProjector()).run(waits)

    assert waits.seconds == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.2, 0.2]


def test_a_database_that_is_away_is_waited_for() -> None:
    projector, waits = FakeProjector(), Waits(4)

    follower(FakeLog(3, away=2), projector).run(waits)

    assert waits.seconds[:2] == [PATIENCE_SECONDS, PATIENCE_SECONDS]
    assert [delivery.last for delivery in projector.deliveries] == [3]


def test_deliveries_follow_each_other_without_a_gap() -> None:
    projector = FakeProjector()

    assert follower(FakeLog(10), projector).catch_up() == 10

    spans = [(delivery.prev, delivery.last) for delivery in projector.deliveries]
    assert spans == [(0, 4), (4, 8), (8, 10)]
    assert [e.position for d in projector.deliveries for e in d.events] == list(range(1, 11))


def test_nothing_above_a_limit_is_delivered() -> None:
    projector = FakeProjector()
    limited = Follower(projector, FakeLog(10), batch_events=4, limits={0: 6})  # type: ignore[arg-type]

    limited.catch_up()

    assert [e.position for d in projector.deliveries for e in d.events] == [1, 2, 3, 4, 5, 6]
