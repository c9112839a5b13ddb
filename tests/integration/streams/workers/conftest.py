"""Fixtures of these tests: a broker of their own, because topics and group have fixed names."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local_broker import stop_local_broker
from tests.integration.projections.world import World, open_world
from tests.support.broker import start_test_broker
from tests.support.log_feed import LogFeed, open_feed
from tests.support.programs import RunningProgram, workers
from tests.support.topics import forget_everything, make_topics


@pytest.fixture(scope="session")
def broker_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a Kafka of these tests alone."""
    folder = tmp_path_factory.mktemp("workers")
    start_test_broker(folder)
    yield folder
    stop_local_broker(folder)


@pytest.fixture
def no_topics(broker_folder: Path) -> str:
    """host:port of that Kafka, with nothing in it."""
    broker = start_test_broker(broker_folder)
    forget_everything(broker)
    return broker


@pytest.fixture
def topics(no_topics: str) -> str:
    """The same, with the topics that workers need, empty."""
    make_topics(no_topics)
    return no_topics


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A shop whose projections workers drive."""
    with open_world(database_url) as opened:
        opened.models.drive("workers")
        yield opened


@pytest.fixture
def feed(world: World, topics: str) -> Iterator[LogFeed]:
    """A relay that publishes as told."""
    with open_feed(world.url, topics) as opened:
        yield opened


@pytest.fixture
def environment(world: World, no_topics: str, tmp_path: Path) -> dict[str, str]:
    """What programs of this shop find in their environment."""
    return {
        "ORDERPATH_DATABASE_URL": world.url,
        "ORDERPATH_DATA_DIR": str(tmp_path / "data"),
        "ORDERPATH_KAFKA": no_topics,
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., RunningProgram]]:
    """Starts workers of this shop."""
    with workers(environment) as starting:
        yield starting
