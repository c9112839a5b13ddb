"""A broker of these tests alone, because the topics bear their real names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local_broker import stop_local_broker
from tests.support.broker import start_test_broker
from tests.support.command_worker import Shop, fresh_topics


@pytest.fixture(scope="package")
def broker_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("broker")
    yield folder
    stop_local_broker(folder)


@pytest.fixture
def shop(broker_folder: Path, database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """An empty database and empty topics, and nobody who takes commands yet."""
    broker = start_test_broker(broker_folder)
    fresh_topics(broker)
    shop = Shop(database_url, broker, tmp_path)
    yield shop
    shop.leave()
