"""A wave begins at its hour, also where the machine's clock is set back just then."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from infra.settings import Settings
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from tests.integration.waves.shop import TEN, Shop
from tests.support.examples import NOW
from tests.support.loads import publish


class Unsteady(VirtualClock):
    """Goes back by a step with each look at it."""

    step = timedelta()

    def __call__(self) -> datetime:
        told = super().__call__()
        self.set(told - self.step)
        return told


@pytest.fixture
def time() -> Unsteady:
    return Unsteady(NOW)


@pytest.fixture
def shop(database_url: str, time: Unsteady) -> Iterator[Shop]:
    with open_system(Settings(database_url=database_url), time) as system:
        system.execute(publish())
        yield Shop(system, time)


def test_an_hour_that_has_come_begins_its_wave_though_the_clock_is_set_back(
    shop: Shop, time: Unsteady
) -> None:
    shop.publish()
    shop.place(3)
    shop.at(TEN)

    time.step = timedelta(seconds=2)
    shop.work()
    time.step = timedelta()

    assert [one.due_at for one in shop.begun()] == [TEN]
