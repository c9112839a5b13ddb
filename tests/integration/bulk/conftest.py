"""A shop of each test's own, on the path of tests.support.examples."""

from collections.abc import Iterator

import pytest

from infra.settings import Settings
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from tests.integration.bulk.asking import Shop
from tests.support.examples import NOW
from tests.support.loads import publish


@pytest.fixture
def system(database_url: str) -> Iterator[System]:
    """A system whose clock stands still until the test moves it."""
    with open_system(Settings(database_url=database_url), VirtualClock(NOW)) as opened:
        opened.execute(publish())
        yield opened


@pytest.fixture
def shop(system: System) -> Shop:
    """The same with what these tests ask of it."""
    return Shop(system)
