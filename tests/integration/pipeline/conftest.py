"""Fixtures of the pipeline's tests: a shop with a published path, and a server that may crash."""

import faulthandler
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from domain.messages import Recorded
from infra.embedded import start_embedded, stop_embedded
from infra.event_log import EventLog, open_log
from infra.migrate import migrate
from tests.support.loads import open_shop

LONGEST_TEST_SECONDS: Final = 240  # with its fixtures, on a machine that is busy otherwise


@dataclass
class Shop:
    """A database with one path and one order."""

    url: str
    order_id: UUID
    log: EventLog  # for looking at what was written

    @property
    def stream_id(self) -> str:
        return f"order-{self.order_id}"

    def history(self) -> list[Recorded]:
        return self.log.load({self.stream_id: 0})[self.stream_id]

    def answered(self) -> int:
        """Count the stored answers: at first two, for the path and for the order."""
        with self.log.recorder.connection() as connection:
            row = connection.execute("select count(*) from log.commands").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(autouse=True)
def _bounded_in_time() -> Iterator[None]:
    """End the run, with every thread's stack, if an answer never comes."""
    faulthandler.dump_traceback_later(LONGEST_TEST_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    (order_id,) = open_shop(database_url, orders=1)
    log = open_log(database_url)
    yield Shop(database_url, order_id, log)
    log.close()


@dataclass(frozen=True)
class Durable:
    """A server of its own that keeps its promises when it is killed: fsync is on."""

    data_dir: Path
    url: str


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[Durable]:
    assert postgres_server  # Skipped by name where none starts.
    data_dir = tmp_path_factory.mktemp("durable")
    url = start_embedded(data_dir)
    try:
        migrate(url)
        yield Durable(data_dir, url)
    finally:
        stop_embedded(data_dir)
