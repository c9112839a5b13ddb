"""Fixture of these tests: a shop of its own for each, with a wave at ten and at two."""

from collections.abc import Iterator

import pytest

from infra.settings import Settings
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from tests.integration.waves.shop import Shop
from tests.support.examples import NOW
from tests.support.loads import publish


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    time = VirtualClock(NOW)
    with open_system(Settings(database_url=database_url), time) as system:
        system.execute(publish())
        yield Shop(system, time)
