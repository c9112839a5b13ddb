"""Programs that stay, on an embedded database of their own: up, down, follow, psql, demo."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from time import monotonic

import pytest
from psycopg.errors import InvalidSchemaName, UndefinedTable

from domain.refusals import InfraError
from infra.embedded import embedded_url, stop_embedded
from infra.postgres import connect
from infra.settings import Settings
from services.bootstrap import open_system
from services.demo import SEED
from services.demo.story import Story
from tests.support.command_line import Processes

PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:1:5", "--json")
LONGEST_WAIT_SECONDS = 90
# What `up` says in a new shop once it is: its ready roles and its first key are events too.
UP = ("serving on http://127.0.0.1:", "projections at position 14")
ONE_MORE = "projections at position 15"
KILLED = "demo-7-10-500"  # the folder of a demo: seed, days, orders


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server is gone after the test."""
    yield tmp_path / "data"
    stop_embedded(tmp_path / "data")
    stop_embedded(tmp_path / "data" / KILLED)  # Who was killed could not.


@pytest.fixture
def own(folder: Path, postgres_server: str) -> Processes:
    """A command line on that folder; asks for PostgreSQL first, so that it can be skipped."""
    assert postgres_server
    return Processes({"ORDERPATH_DATA_DIR": str(folder)})


def state_lines(program: "subprocess.Popen[str]", *until: str) -> list[str]:
    """Read what a program says, until each of these words was said, in whatever order."""
    assert program.stdout is not None
    lines, missing = list[str](), set(until)
    with bounded(program):
        for line in program.stdout:
            lines.append(line.rstrip())
            missing = {words for words in missing if words not in line}
            if not missing:
                return lines
    _, errors = program.communicate()
    pytest.fail(f"It ended without saying {until!r}: {lines} {errors}")


@contextmanager
def bounded(program: "subprocess.Popen[str]") -> Iterator[None]:
    """End a program that does not say in time what it should."""
    timer = Timer(LONGEST_WAIT_SECONDS, program.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def ended(program: "subprocess.Popen[str]") -> tuple[int, str]:
    out, errors = program.communicate(timeout=60)
    assert "Traceback" not in errors, errors[-2_000:]
    return program.returncode, out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_says_what_it_does_and_ends_at_a_signal(own: Processes, number: int) -> None:
    program = own.start("up")
    lines = state_lines(program, *UP)

    assert any("database ready" in line for line in lines)
    program.send_signal(number)
    assert ended(program) == (0, "orderpath: ended\n")


def test_an_import_that_is_interrupted_says_how_to_go_on(own: Processes, tmp_path: Path) -> None:
    mapping, log = tmp_path / "map.yaml", tmp_path / "log.csv"
    mapping.write_text(
        "source: test\npath: olist\norder_id: order\ntime: {column: at}\n"
        "activity: {column: what, map: {A: placed}}\n"
    )
    os.mkfifo(log)
    program = own.start("import", "log", log, "--mapping", mapping)
    writing = opened_by_a_reader(log, program)

    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=60)
    os.close(writing)

    assert program.returncode == 130
    assert "start the same again" in errors
    assert "Traceback" not in errors


def opened_by_a_reader(pipe: Path, program: "subprocess.Popen[str]") -> int:
    """Open a named pipe for writing once the program reads from it."""
    while program.poll() is None:
        with suppress(OSError):  # Nobody reads yet.
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        with suppress(subprocess.TimeoutExpired):
            program.wait(0.05)
    pytest.fail(f"It ended without reading: {program.communicate()}")


def test_up_keeps_the_projections_up_to_date_until_down(own: Processes) -> None:
    program = own.start("up")
    state_lines(program, *UP)
    order_id = own.run(*PLACE).json["order_id"]
    state_lines(program, ONE_MORE)  # Nobody asked for a report.

    status = own.run("status", "--json").json
    second = own.run("up")
    found = own.run("psql", "-c", "select order_id from analytics.orders", "--csv")
    down = own.run("down", "--json").json

    assert status["up"] == {"running": True, "pid": program.pid}
    assert status["database"]["was_running"]
    assert (second.code, "runs already" in second.err) == (1, True)
    assert found.out.split() == ["order_id", order_id]
    assert down["up_ended"]
    assert ended(program)[0] == 0
    assert own.run("down", "--json").json == {
        "up_ended": False,
        "database_stopped": False,
        "kafka_stopped": False,
        "left_behind_ended": 0,
    }


def test_up_brings_a_database_back_that_died(own: Processes, folder: Path) -> None:
    program = own.start("up")
    state_lines(program, *UP)
    stop_embedded(folder)
    state_lines(program, "started again")

    own.run(*PLACE)
    state_lines(program, ONE_MORE)
    program.terminate()
    assert ended(program)[0] == 0


def test_follow_does_the_same_for_a_database_that_others_run(own: Processes) -> None:
    program = own.start("follow")
    state_lines(program, "projections at position 5")
    own.run(*PLACE)
    state_lines(program, "projections at position 6")

    program.send_signal(signal.SIGINT)
    assert ended(program)[0] == 0


def test_the_analysts_shell_reads_views_and_changes_nothing(own: Processes) -> None:
    program = own.start("up")
    state_lines(program, *UP)
    own.run(*PLACE)

    read = own.run("psql", "--csv", "-c", "select status, orders from analytics.funnel_now")
    assert (read.code, read.out.split()) == (0, ["status,orders", "new,1"])
    for statement in (
        "update live.orders set test = true",
        "delete from log.events",
        "select * from log.events",
        "select * from log.keys",
        "set role none; delete from log.events",
        "set role postgres",
        "create table analytics.mine (a int)",
    ):
        refused = own.run("psql", "-c", f"set transaction read write; {statement}")
        assert (refused.code, "ERROR" in refused.err) == (1, True), statement
    program.terminate()
    assert ended(program)[0] == 0
    url = own.run("psql", "--print-url")
    assert url.out.startswith("postgresql://orderpath_analyst:")
    assert "orderpath up" in url.err


def test_the_demo_ends_with_reports_a_history_and_what_to_try_next(own: Processes) -> None:
    said = own.run("demo", "--days", 7, "--orders", 60)
    again = own.run("demo", "--days", 7, "--orders", 60, "--json").json

    assert said.code == 0, said.err
    for words in ("Where the orders are", "Open orders", "History of order", "Try next:"):
        assert words in said.out
    assert again["summary"]["repeated"] == again["summary"]["commands"]
    assert again["history"]["changes"]


def test_shops_of_different_sizes_share_no_folder(own: Processes) -> None:
    for orders in (5, 6):
        said = own.run("demo", "--days", 1, "--orders", orders, "--json").json
        assert said["summary"]["repeated"] == 0
        assert said["summary"]["orders"] == orders


def test_a_shop_that_another_version_simulated_is_not_mixed_with_this_one(
    own: Processes, folder: Path
) -> None:
    other = folder / "demo-7-1-5"
    first = next(Story(seed=SEED, days=1, orders=5).steps()).command()
    with open_system(Settings(data_dir=other)) as system:
        system.execute(first.model_copy(update={"reason": "as an earlier version sent it"}))

    said = own.run("demo", "--days", 1, "--orders", 5)

    assert said.code == 1
    assert "another version of Orderpath simulated a shop here" in said.err
    assert f"remove the folder {other}" in said.err


def test_a_demo_that_was_killed_is_completed_by_the_next(own: Processes, folder: Path) -> None:
    words = ("demo", "--days", 10, "--orders", 500, "--json")
    program = own.start(*words)
    await_events(folder / KILLED, 1_000)
    program.kill()
    program.communicate()

    resumed, again = own.run(*words), own.run(*words).json

    assert resumed.code == 0, resumed.err
    summary = resumed.json["summary"]
    assert 0 < summary["repeated"] < summary["commands"] == again["summary"]["repeated"]
    for part in ("funnel", "stale", "conversion", "history"):
        assert resumed.json[part] == again[part]


def await_events(folder: Path, number: int) -> None:
    """Wait until the log of an embedded database holds so many events."""
    deadline = monotonic() + 60
    found = 0
    while found < number:
        assert monotonic() < deadline, f"{found} events"
        try:
            with connect(embedded_url(folder) or "postgresql://127.0.0.1:1/") as session:
                row = session.execute("select count(*) from log.events").fetchone()
                found = row[0] if row else 0
        except (InfraError, UndefinedTable, InvalidSchemaName):
            continue  # It is being made.


def test_an_order_comes_from_standard_input_too(own: Processes) -> None:
    line = {"item_id": "1", "sku": "A", "title": "A", "quantity": 1, "unit_price_minor": 500}
    body = {"currency": "EUR", "path": "universal", "lines": [line]}

    said = own.run("order", "place", "--file", "-", "--json", stdin=json.dumps(body))

    assert (said.code, said.json["outcome"]) == (0, "accepted")


def test_processes_end_with_the_right_code(own: Processes) -> None:
    assert own.run("--help").code == 0
    assert own.run("order", "show", "A-1").code == 1
    assert own.run("report", "funnel", "--as-of", "soon").code == 2
    away = Processes({"ORDERPATH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"})
    assert away.run("status").code == 3
