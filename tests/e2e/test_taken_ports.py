"""Ports that somebody else has: a program that needs one says so, ends with 3 and leaves nothing
that runs; one that can do without goes on, and takes it once it is free.
"""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from infra.embedded import stop_embedded
from infra.local_broker import stop_local_broker
from services.cli.cluster import PROGRAMS
from services.cli.supervisor import Program, Supervisor
from tests.e2e.test_cluster import processes_on
from tests.support.command_line import Processes
from tests.support.waiting import ROOM_SECONDS, wait_for

LOOPBACK = "127.0.0.1"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose servers are gone after the test."""
    yield tmp_path / "data"
    stop_local_broker(tmp_path / "data")
    stop_embedded(tmp_path / "data")


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """What somebody else listens with."""
    with socket.create_server((LOOPBACK, 0)) as somebody:
        yield somebody


def port_of(ear: socket.socket) -> int:
    port: int = ear.getsockname()[1]
    return port


def test_serve_whose_port_is_taken_leaves_nothing_that_runs(
    folder: Path, taken: socket.socket
) -> None:
    environment = {"ORDERPATH_DATA_DIR": str(folder)}
    said = Processes(environment).run("serve", "--port", port_of(taken))

    assert said.code == 3
    assert f"{LOOPBACK} port {port_of(taken)} cannot be listened on" in said.err
    assert "ORDERPATH_HTTP_PORT" in said.err
    wait_for(lambda: not list(processes_on(folder)), "something still runs")


@pytest.mark.parametrize("which", [0, 1], ids=["of clients", "of the controller"])
def test_a_cluster_whose_kafka_has_no_port_says_so_and_leaves_nothing_that_runs(
    folder: Path, broker: str, taken: socket.socket, which: int
) -> None:
    assert broker  # Asked for first, so that it can be skipped.
    with socket.create_server((LOOPBACK, 0)) as free:
        other = port_of(free)
    kept = [other, other]
    kept[which] = port_of(taken)
    (folder / "kafka").mkdir(parents=True)
    ports = folder / "kafka" / "ports"
    ports.write_text(f"{kept[0]} {kept[1]}\n")
    environment = {"ORDERPATH_DATA_DIR": str(folder), "ORDERPATH_HTTP_PORT": "0"}
    said = Processes(environment).run("up", "--cluster")

    assert said.code == 3
    assert f"Port {port_of(taken)} of {LOOPBACK}" in said.err
    assert f"delete {ports}" in said.err
    assert not (folder / "kafka" / "borrowed").exists()
    wait_for(lambda: not list(processes_on(folder)), "something still runs")


def test_the_server_of_a_cluster_whose_port_is_taken_serves_once_it_is_free(
    database_url: str, tmp_path: Path, taken: socket.socket
) -> None:
    port, stop, said = port_of(taken), Signal(), list[str]()
    environment = {
        "ORDERPATH_DATABASE_URL": database_url,
        "ORDERPATH_DATA_DIR": str(tmp_path),
        "ORDERPATH_HTTP_PORT": str(port),
    }
    program = Program("serve", (sys.executable, "-m", "services.cli", *PROGRAMS["serve"]))
    supervisor = Supervisor([program], tmp_path, said.append, environment=environment)
    running = Thread(target=supervisor.run, args=(stop,))
    running.start()
    try:
        wait_for(lambda: "serve ended with 3" in str(said), "it never ended")
        taken.close()
        wait_for(lambda: "serve | serving on" in str(said), "it never served")
    finally:
        stop.set()
        running.join(ROOM_SECONDS)

    assert f"{LOOPBACK} port {port} cannot be listened on" in str(said)
    assert not running.is_alive()
    assert list(processes_on(tmp_path)) == []
