"""The projector thread without a broker: what it was handed is applied, also when it is told to
stop in between."""

import asyncio
from collections.abc import Iterator
from threading import Event as Signal

import pytest

from consumers.hand_over import HandOver, Incoming
from consumers.projecting import Projecting
from consumers.state_line import StateLine
from domain.streaming import LOG
from infra.event_log import open_log
from infra.settings import Settings
from services.bootstrap import System, open_system
from tests.integration.projections.world import World, a_day
from tests.support.log_feed import LogFeed


@pytest.fixture
def system(world: World) -> Iterator[System]:
    with open_system(Settings(database_url=world.url)) as opened:
        yield opened


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
            assert one.partition is not None
            place = (LOG.name, one.partition, offset)
            await hand_over.put(Incoming(*place, dict(one.headers), one.value))

    asyncio.run(fill())
    Projecting(system, hand_over, StateLine(lambda _: None), stop).run()

    assert len(world.tables()["orders.orders"]) == len(placed)
