"""A shop whose time stands still until a test moves it, and which has a wave."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.messages import Outcome, Recorded
from domain.orders.events import StatusChanged
from domain.waves.commands import BeginWave, PublishWave
from domain.waves.definition import Wave
from domain.waves.events import WaveBegun, WaveFinished
from services.bootstrap import System
from services.bulk.batches import known_batch, results
from services.demo.clock import VirtualClock
from services.wave_clock import WaveClock
from tests.support.examples import NOW, WAVE, actor
from tests.support.loads import move, place

TEN = NOW + timedelta(hours=1)
TWO = NOW + timedelta(hours=5)


@dataclass(slots=True)
class Shop:
    """What a test of waves asks of a system."""

    system: System
    time: VirtualClock

    def publish(self, **changes: Any) -> Outcome:
        """Publish the wave: every new order is confirmed at ten and at two."""
        wave = Wave.model_validate({**WAVE.content, **changes})
        return self.system.execute(PublishWave(**by(), definition=wave))

    def begin(self) -> Outcome:
        """Let a person begin the wave."""
        return self.system.execute(BeginWave(**by(), wave="to_work"))

    def place(self, number: int, *moves: str) -> list[UUID]:
        """Place orders and move each along."""
        ids = [uuid4() for _ in range(number)]
        commands = [place(order_id) for order_id in ids]
        commands += [move(order_id, to) for to in moves for order_id in ids]  # type: ignore[misc]
        for future in [self.system.pipeline.submit(command) for command in commands]:
            assert future.result().kind == "accepted", future.result()
        return ids

    def at(self, moment: datetime | timedelta) -> None:
        """Let it be another time, or so much later."""
        self.time.set(moment if isinstance(moment, datetime) else self.time.now + moment)

    def work(self) -> int:
        """Let a clock that knows nothing yet begin what is due, and carry it out."""
        return WaveClock(self.system).work()

    def begun(self) -> list[WaveBegun]:
        return [one.event for one in self.events() if isinstance(one.event, WaveBegun)]

    def finished(self) -> list[WaveFinished]:
        return [one.event for one in self.events() if isinstance(one.event, WaveFinished)]

    def moved(self) -> Counter[UUID]:
        """Count how often waves moved each order."""
        batches = {begun.batch_id for begun in self.begun()}
        return Counter(
            UUID(one.entity_id)
            for one in self.events()
            if isinstance(one.event, StatusChanged) and one.correlation_id in batches
        )

    def kinds(self, batch_id: UUID) -> dict[UUID, str]:
        """Give what each order of a batch answered."""
        batch = known_batch(self.system, batch_id)
        return {one.order_id: one.kind for one in results(self.system, batch)}

    def events(self) -> list[Recorded]:
        return self.system.log.read(0, 1_000_000)


def by() -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor()}
