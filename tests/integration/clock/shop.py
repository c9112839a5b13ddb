"""A shop whose time stands still until a test moves it, and whose orders have deadlines."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.alerts.events import AlertRaised
from domain.messages import Command, Recorded
from domain.orders import commands as c
from domain.orders.events import DeadlinePassed
from infra.postgres import Session
from services.bootstrap import System
from services.clock import Clockwork, Submit, clockwork_of
from services.demo.clock import VirtualClock
from tests.support.examples import TEA, actor


@dataclass(slots=True)
class Shop:
    """What a test of the clock asks of a system."""

    system: System
    time: VirtualClock
    orders: list[UUID] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    def place(self, number: int = 1, path: str = "shop", **more: Any) -> list[UUID]:
        """Place orders, of the path of these tests unless told otherwise, all at once."""
        placed = [uuid4() for _ in range(number)]
        commands = [
            c.PlaceOrder(**who(one), path=path, currency="EUR", lines=(TEA,), **more)
            for one in placed
        ]
        answers = [self.system.pipeline.submit(command) for command in commands]
        assert {answer.result().kind for answer in answers} == {"accepted"}
        self.orders += placed
        return placed

    def does(self, *commands: Command) -> None:
        for command in commands:
            outcome = self.system.execute(command)
            assert outcome.kind == "accepted", outcome.unmet

    def at(self, moment: datetime | timedelta) -> None:
        """Let it be another time, or so much later."""
        self.time.set(moment if isinstance(moment, datetime) else self.time.now + moment)

    def fire(self) -> int:
        """Let the read models follow, then a clock that knows nothing yet fire what is due."""
        self.system.catch_up()
        return clockwork_of(self.system).fire()

    def clock(self, submit: Submit | None = None, **options: Any) -> Clockwork:
        """Give a clock with sessions of its own, as in another process."""
        lend, hold = self.session().connection, self.session().connection
        submit = submit or self.system.pipeline.submit
        return Clockwork(lend, hold, submit, self.time, **options)

    def session(self) -> Session:
        """Open a session that ends with the test."""
        session = Session(self.system.url, role="orderpath_projector")
        self.sessions.append(session)
        return session

    def close(self) -> None:
        for session in self.sessions:
            session.close()

    def passed(self) -> list[tuple[UUID, DeadlinePassed]]:
        """Give what was said of deadlines, as it stands in the log."""
        return [
            (UUID(one.entity_id), one.event)
            for one in self.events()
            if isinstance(one.event, DeadlinePassed)
        ]

    def counted(self) -> Counter[tuple[UUID, str]]:
        """Count how often each level of each order passed."""
        return Counter((order_id, event.level) for order_id, event in self.passed())

    def alerted(self) -> list[tuple[UUID | None, str]]:
        """Give the order and level of every alert."""
        raised = [one.event for one in self.events() if isinstance(one.event, AlertRaised)]
        return [(one.order_id, one.level) for one in raised if one.kind == "deadline"]

    def events(self) -> list[Recorded]:
        return self.system.log.read(0, 1_000_000)


def who(order_id: UUID) -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor(), "order_id": order_id}
