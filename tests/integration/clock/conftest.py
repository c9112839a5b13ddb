"""Fixture of these tests: a shop of its own for each."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from domain.paths.commands import PublishPath
from infra.settings import Settings
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from tests.integration.clock.shop import Shop
from tests.support.examples import NOW, actor
from tests.unit.domain.orders.test_decide_deadlines import path


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    time = VirtualClock(NOW)
    with open_system(Settings(database_url=database_url), time) as system:
        system.execute(PublishPath(command_id=uuid4(), actor=actor(), definition=path()))
        opened = Shop(system, time)
        yield opened
        opened.close()
