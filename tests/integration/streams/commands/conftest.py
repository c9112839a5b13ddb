"""A broker of these tests alone, because the topics bear their real names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import folder_of_own_broker, start_test_broker
from tests.support.command_worker import Shop, fresh_topics


@pytest.fixture(scope="package")
def broker_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with folder_of_own_broker(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def shop(broker_folder: Path, database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """An empty database and empty topics, and nobody who takes commands yet."""
    broker = start_test_broker(broker_folder)
    fresh_topics(broker)
    shop = Shop(database_url, broker, tmp_path)
    yield shop
    shop.leave()
