"""Fixtures of these tests: the log as the relay reads it, and a shop that workers feed."""

from collections.abc import Iterator

import pytest

from infra.event_log import EventLog, open_log
from infra.log_source import LogSource
from tests.integration.projections.world import World, open_world


@pytest.fixture
def log(database_url: str) -> Iterator[EventLog]:
    opened = open_log(database_url)
    yield opened
    opened.close()


@pytest.fixture
def source(database_url: str) -> Iterator[LogSource]:
    opened = LogSource(database_url)
    yield opened
    opened.close()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A shop whose projections workers drive."""
    with open_world(database_url) as opened:
        opened.models.drive("workers")
        yield opened
