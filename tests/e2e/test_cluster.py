"""`orderpath up --cluster`: a real import, whose tables the workers fill, whoever is killed."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.embedded import embedded_url, stop_embedded
from infra.local_broker import stop_local_broker
from infra.postgres import connect
from projections.catalog import BY_NAME
from services.cli.supervisor import end_leftovers, started_on
from tests.integration.reports.test_olist_oracle import assert_reports_equal
from tests.support.command_line import Here, Processes
from tests.support.faults import Fault
from tests.support.programs import RunningProgram, programs
from tests.support.waiting import wait_for

FIRST = 4_000  # position in the log at which the first one is killed
APART = 5_000  # positions from one kill to the next
VICTIMS = ("relay", "worker 1", "worker 2", "commands", "Kafka", "PostgreSQL")
PATIENCE_SECONDS = 120.0  # for the import, and for the workers behind it to come nearer


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose servers are gone after the test."""
    yield tmp_path / "data"
    end_leftovers(tmp_path / "data", print)  # of a cluster that was killed by a test that failed
    stop_local_broker(tmp_path / "data")
    stop_embedded(tmp_path / "data")


def test_an_import_ends_in_the_right_tables_whoever_is_killed_and_down_ends_everything(
    folder: Path, olist_folder: Path, broker: str, fault: Fault
) -> None:
    assert broker  # Asked for first, so that it can be skipped.
    environment = {"ORDERPATH_DATA_DIR": str(folder)}
    with programs(environment) as start:
        cluster = start("up", "--cluster")
        for words in ("leading", "worker 1 | worker ready", "worker 2 | worker ready"):
            cluster.await_line(words)
        importing = start("import", "olist", str(olist_folder), "--json")
        for number, name in enumerate(VICTIMS):
            wait_until_written(folder, FIRST + number * APART, importing)
            os.kill(process_id(folder, name), signal.SIGKILL)
            fault(f"{name.rstrip(' 12')} killed")
        assert importing.process.wait(PATIENCE_SECONDS) == 0, importing.said()
        reader = Here(environment | {"ORDERPATH_DATABASE_URL": embedded_url(folder) or ""})
        wait_until_nothing_waits(reader)
        assert_reports_equal(reader, json.loads((olist_folder / "oracle.json").read_text()))
        proven = reader.run("projection", "verify", "--json")
        assert proven.code == 0, proven.json
        assert {one["name"] for one in proven.json} == set(BY_NAME)
        cluster.await_line("Kafka was gone and is started again")
        down = Processes(environment).run("down", "--json")
        assert down.json["up_ended"]
        assert cluster.process.wait(PATIENCE_SECONDS) == 0
        assert list(processes_on(folder)) == []


def wait_until_written(folder: Path, position: int, importing: RunningProgram) -> None:
    """Wait until the import has come so far."""

    def is_written() -> bool:
        assert importing.process.poll() is None, f"it ended: {importing.said()}"
        url = embedded_url(folder)
        return url is not None and end_of(url) >= position

    wait_for(is_written, "the import stands still", PATIENCE_SECONDS)


def end_of(url: str) -> int:
    with connect(url) as session:
        row = session.execute("select coalesce(max(position), 0) from log.events").fetchone()
    return int(row[0]) if row else 0


def process_id(folder: Path, name: str) -> int:
    """Find the process of a part of the cluster."""
    files = {"Kafka": "kafka/kafka.pid", "PostgreSQL": "postgres/postmaster.pid"}
    if name in files:
        return int((folder / files[name]).read_text().split()[0])
    return dict(started_on(folder))[name].pid


def wait_until_nothing_waits(line: Here) -> None:
    """Wait until the tables hold everything, however long that takes: they come nearer steadily."""
    while left := lag(line):
        wait_for(
            lambda left=left: lag(line) < left,  # type: ignore[misc]
            f"the workers stand still, {left} events behind",
            PATIENCE_SECONDS,
            every=0.5,
        )


def lag(line: Here) -> int:
    """Count the events that wait for a read model, over all of these."""
    listed: list[Any] = line.run("projection", "list", "--json").json
    return sum(one["lag"] for one in listed)


def processes_on(folder: Path) -> Iterator[str]:
    """Name what still runs on a data folder: programs, servers and their children."""
    for process in psutil.process_iter():
        try:
            on_it = process.environ().get("ORDERPATH_DATA_DIR") == str(folder)
            if on_it or Path(process.cwd()).is_relative_to(folder):
                yield " ".join(process.cmdline())
        except psutil.Error:  # It has ended, or is nobody's.
            continue
