"""The projector thread without a broker: what it was handed is applied, also when it is told to
stop in between."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import cycle
from threading import Event as Signal

import pytest

from consumers.hand_over import HandOver, Incoming
from consumers.projecting import PATIENT_BATCHES, Projecting
from consumers.state_line import StateLine
from domain.messages import SHARDS
from domain.streaming import LOG, Message
from infra.event_log import open_log
from infra.settings import Settings
from services.bootstrap import System, open_system
from tests.integration.projections.world import World, a_day
from tests.support.log_feed import LogFeed


@pytest.fixture
def system(world: World) -> Iterator[System]:
    with open_system(Settings(database_url=world.url)) as opened:
        yield opened


def incoming(message: Message, offset: int) -> Incoming:
    assert message.partition is not None
    place = (LOG.name, message.partition, offset)
    return Incoming(*place, dict(message.headers), message.value)


class LastOrders(HandOver):
    """Lets the projector be told to stop in the moment in which it has taken everything."""

    def __init__(self, stop: Signal) -> None:
        super().__init__()
        self._stop = stop

    def take(self, timeout_seconds: float) -> Incoming | None:
        record = super().take(0)
        if record is None:
            self._stop.set()
        return record


def test_a_batch_that_is_taken_is_ended_though_the_worker_is_told_to_stop(
    world: World, system: System
) -> None:
    placed = a_day(world)
    log = open_log(world.url)
    records = LogFeed(world.url, None, log).records(events_a_record=4)
    log.close()
    stop = Signal()
    hand_over = LastOrders(stop)

    async def fill() -> None:
        for offset, one in enumerate(records):
            await hand_over.put(incoming(one, offset))

    asyncio.run(fill())
    Projecting(system, hand_over, StateLine(lambda _: None), stop).run()

    assert len(world.tables()["orders.orders"]) == len(placed)


class Endless(HandOver):
    """Has always another record, until all is applied: never more than a batch of one event."""

    def __init__(self, world: World, records: Sequence[Message], stop: Signal) -> None:
        super().__init__()
        self._records = cycle([incoming(one, offset) for offset, one in enumerate(records)])
        self._projector = world.projector(driver="workers")
        self._stop = stop
        self.given = 0

    @property
    def waits(self) -> bool:
        return True

    def take(self, timeout_seconds: float) -> Incoming | None:
        self.given += 1
        done = all(place.next_position is None for place in self._projector.pending())
        if done or self.given > 4 * PATIENT_BATCHES:
            self._stop.set()
        return next(self._records)


def test_the_last_record_of_a_shard_that_is_lost_is_read_though_a_worker_is_ever_behind(
    world: World,
) -> None:
    a_day(world)
    stop, state = Signal(), StateLine(lambda _: None)
    state.assign(frozenset(range(SHARDS)))
    with open_system(Settings(database_url=world.url, batch_events=1)) as system:
        feed = LogFeed(world.url, None, world.pipeline_log)
        records = feed.records(events_a_record=1)
        feed.say_published()
        last = {one.partition: one for one in records}
        endless = Endless(world, [one for one in records if one not in last.values()], stop)
        Projecting(system, endless, state, stop, look_seconds=0).run()

    assert endless.given > PATIENT_BATCHES
    assert all(place.next_position is None for place in world.projector(driver="workers").pending())
    assert len(world.tables()["orders.orders"]) == 8
