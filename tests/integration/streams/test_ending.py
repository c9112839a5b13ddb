"""Programs that speak to Kafka end in time and with their exit code while Kafka hangs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.streaming import COMMANDS, RESULTS
from tests.integration.projections.world import World
from tests.support.broker import (
    folder_of_own_broker,
    frozen_broker,
    receive,
    send,
    start_test_broker,
)
from tests.support.faults import Fault
from tests.support.programs import RunningProgram, programs

WORKING = {
    "relay": "leading",
    "worker": "worker ready",
    "commands": "taking commands of partitions",
}
AWAY = "Kafka is away"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a broker of these tests alone runs, which can be frozen."""
    with folder_of_own_broker(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def start(world: World, folder: Path, tmp_path: Path) -> Iterator[Callable[..., RunningProgram]]:
    """Starts programs of a shop on that broker; all are gone afterwards."""
    environment = {
        "ORDERPATH_DATABASE_URL": world.url,
        "ORDERPATH_DATA_DIR": str(tmp_path / "data"),
        "ORDERPATH_KAFKA": start_test_broker(folder),
    }
    with programs(environment) as starting:
        yield starting


@pytest.mark.parametrize(
    ("name", "noticed", "seconds"),
    [
        ("relay", None, 10),
        ("worker", None, 5),
        ("worker", AWAY, 5),
        ("commands", None, 10),
        ("commands", AWAY, 10),
    ],
)
def test_a_program_ends_in_time_and_with_0_while_kafka_hangs(
    name: str,
    noticed: str | None,
    seconds: int,
    start: Callable[..., RunningProgram],
    folder: Path,
    fault: Fault,
) -> None:
    if name == "worker":
        start("relay").await_line(WORKING["relay"])  # It makes the topics.
    running = start(name)
    running.await_line(WORKING[name])
    if name == "commands":  # Its producer has a thread once it has answered.
        address = start_test_broker(folder)
        send(address, COMMANDS.name, b"[]")
        receive(address, RESULTS.name, 1)
    with frozen_broker(folder):
        fault("Kafka hangs")
        if noticed:
            running.await_line(noticed)

        took = running.end()

    assert took < seconds
    assert running.count_lines("ended") == 1
