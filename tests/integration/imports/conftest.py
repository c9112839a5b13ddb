"""A whole system on a database of its own, and the folder that imports read from."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from infra.settings import Settings
from services.bootstrap import System, open_system

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def system(database_url: str) -> Iterator[System]:
    """A system whose clock stands at NOW."""
    with open_system(Settings(database_url=database_url), lambda: NOW) as opened:
        yield opened
