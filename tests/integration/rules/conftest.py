"""Fixture of these tests: a shop of its own for each."""

from collections.abc import Iterator

import pytest

from tests.integration.projections.world import World, open_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened
