"""`orderpath up --cluster` that was killed: whoever comes next finds its Kafka, and it ends too."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from infra.embedded import stop_embedded
from infra.local_broker import local_broker_address, stop_local_broker
from services.cli.supervisor import MARK
from tests.e2e.test_cluster import processes_on
from tests.support.command_line import Processes
from tests.support.programs import programs

READY = "Kafka ready"


@pytest.fixture
def folder(tmp_path: Path, broker: str) -> Iterator[Path]:
    """A data folder whose servers are gone after the test."""
    assert broker  # Asked for first, so that it can be skipped.
    yield tmp_path / "data"
    stop_local_broker(tmp_path / "data")
    stop_embedded(tmp_path / "data")


def test_after_a_kill_down_ends_the_kafka_that_was_started_for_the_cluster(folder: Path) -> None:
    environment = {"ORDERPATH_DATA_DIR": str(folder)}
    with programs(environment) as start:
        killed = start("up", "--cluster")
        killed.await_line("leading")
        killed.kill()
        down = Processes(environment).run("down", "--json").json
        assert (down["up_ended"], down["kafka_stopped"]) == (False, True)
        assert list(processes_on(folder)) == []


def test_down_says_that_it_ended_what_a_killed_supervisor_left_behind(tmp_path: Path) -> None:
    marked = os.environ | {MARK: f"relay of {tmp_path}"}
    pause = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(pause, env=marked) as left:
        Thread(target=left.wait).start()  # Who has died is not there any more.
        down = Processes({"ORDERPATH_DATA_DIR": str(tmp_path)}).run("down")
    assert down.code == 0
    assert "ended 1 programs" in down.err
    assert down.out == "Ended what an `up --cluster` that was killed had left behind.\n"


def test_the_next_cluster_ends_the_kafka_of_one_that_was_killed_unless_it_was_told_to_stay(
    folder: Path,
) -> None:
    environment = {"ORDERPATH_DATA_DIR": str(folder)}
    with programs(environment) as start:
        for stays in (False, True):
            killed = start("up", "--cluster")
            killed.await_line(READY)
            killed.kill()
            if stays:
                assert Processes(environment).run("kafka", "up").code == 0
            after = start("up", "--cluster")
            after.await_line("leading")
            after.end()

            assert (local_broker_address(folder) is not None) is stays
