"""Fixtures of these tests: the log as the relay reads it, and a shop that workers feed."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from infra.log_source import LogSource
from tests.integration.projections.world import World, open_world


@pytest.fixture
def source(database_url: str) -> Iterator[LogSource]:
    with closing(LogSource(database_url)) as opened:
        yield opened


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A shop whose projections workers drive."""
    with open_world(database_url) as opened:
        opened.models.drive("workers")
        yield opened
