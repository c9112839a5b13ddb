"""Ports that somebody else has: a program that needs one says so, ends with 3 and leaves nothing
that runs; one that can do without goes on, and takes it once it is free.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import stop_embedded
from infra.local_broker import stop_local_broker
from tests.e2e.test_cluster import processes_on
from tests.support.command_line import Processes
from tests.support.programs import programs
from tests.support.waiting import wait_for

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


def test_a_cluster_whose_http_port_is_taken_goes_on_and_serves_once_it_is_free(
    folder: Path, broker: str, taken: socket.socket
) -> None:
    port = port_of(taken)
    environment = {
        "ORDERPATH_DATA_DIR": str(folder),
        "ORDERPATH_HTTP_PORT": str(port),
        "ORDERPATH_KAFKA": broker,  # One of its own takes long to start.
        "ORDERPATH_KAFKA_PREFIX": "taken",
    }
    with programs(environment) as start:
        cluster = start("up", "--cluster")
        told = cluster.await_line("serve | ")
        cluster.await_line("serve ended with 3, starts again")
        cluster.await_line("worker 1 | worker ready")
        taken.close()
        cluster.await_line("serve | serving on")
        cluster.end()

    assert f"{LOOPBACK} port {port} cannot be listened on" in told
    assert list(processes_on(folder)) == []
