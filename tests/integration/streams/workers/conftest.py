"""Fixtures of these tests: a shop on the session's broker, with topics and a group of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain.streaming import TOPICS
from tests.integration.projections.world import World
from tests.support.log_feed import LogFeed, open_feed
from tests.support.programs import RunningProgram, workers
from tests.support.topics import drop_topics, make_topics


@pytest.fixture
def prefix(broker: str) -> Iterator[str]:
    """A name that no other shop on the broker has; its topics are gone afterwards."""
    prefix = f"test-{uuid4().hex}"
    yield prefix
    drop_topics(broker, TOPICS, prefix=prefix)


@pytest.fixture
def topics(broker: str, prefix: str) -> str:
    """The same name, with the topics that workers need, empty."""
    make_topics(broker, prefix=prefix)
    return prefix


@pytest.fixture
def feed(world: World, broker: str, topics: str) -> Iterator[LogFeed]:
    """A relay that publishes as told."""
    with open_feed(world.url, broker, topics) as opened:
        yield opened


@pytest.fixture
def environment(world: World, broker: str, prefix: str, tmp_path: Path) -> dict[str, str]:
    """What programs of this shop find in their environment."""
    return {
        "ORDERPATH_DATABASE_URL": world.url,
        "ORDERPATH_DATA_DIR": str(tmp_path / "data"),
        "ORDERPATH_KAFKA": broker,
        "ORDERPATH_KAFKA_PREFIX": prefix,
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., RunningProgram]]:
    """Starts workers of this shop."""
    with workers(environment) as starting:
        yield starting
