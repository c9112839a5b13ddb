"""Programs that stay, on an embedded database of their own: up, down, follow, psql, demo."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import stop_embedded
from tests.support.command_line import CommandLine

PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:1:5", "--json")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server is gone after the test."""
    yield tmp_path / "data"
    stop_embedded(tmp_path / "data")


@pytest.fixture
def own(folder: Path, postgres_server: str) -> CommandLine:
    """A command line on that folder; asks for PostgreSQL first, so that it can be skipped."""
    assert postgres_server
    return CommandLine({"ORDERPATH_DATA_DIR": str(folder)})


def state_lines(program: "subprocess.Popen[str]", until: str) -> list[str]:
    """Read what a program says, up to the line that contains the words."""
    assert program.stdout is not None
    lines = []
    for line in program.stdout:
        lines.append(line.rstrip())
        if until in line:
            return lines
    _, errors = program.communicate()
    pytest.fail(f"It ended without saying {until!r}: {lines} {errors}")


def ended(program: "subprocess.Popen[str]") -> tuple[int, str]:
    out, errors = program.communicate(timeout=60)
    assert "Traceback" not in errors, errors[-2_000:]
    return program.returncode, out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_says_what_it_does_and_ends_at_a_signal(own: CommandLine, number: int) -> None:
    program = own.start("up")
    lines = state_lines(program, "projections at position")

    assert any("database ready" in line for line in lines)
    program.send_signal(number)
    assert ended(program) == (0, "orderpath: ended\n")


def test_up_keeps_the_projections_up_to_date_until_down(own: CommandLine) -> None:
    program = own.start("up")
    state_lines(program, "projections at position 2")
    order_id = own.run(*PLACE).json["order_id"]
    state_lines(program, "projections at position 3")  # Nobody asked for a report.

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
    assert own.run("down", "--json").json == {"up_ended": False, "database_stopped": False}


def test_up_brings_a_database_back_that_died(own: CommandLine, folder: Path) -> None:
    program = own.start("up")
    state_lines(program, "projections at position 2")
    stop_embedded(folder)
    state_lines(program, "started again")

    own.run(*PLACE)
    state_lines(program, "projections at position 3")
    program.terminate()
    assert ended(program)[0] == 0


def test_follow_does_the_same_for_a_database_that_others_run(own: CommandLine) -> None:
    program = own.start("follow")
    state_lines(program, "projections at position 2")
    own.run(*PLACE)
    state_lines(program, "projections at position 3")

    program.send_signal(signal.SIGINT)
    assert ended(program)[0] == 0


def test_the_analysts_shell_reads_views_and_changes_nothing(own: CommandLine) -> None:
    own.run(*PLACE)

    read = own.run("psql", "--csv", "-c", "select status, orders from analytics.funnel_now")
    assert (read.code, read.out.split()) == (0, ["status,orders", "new,1"])
    for statement in (
        "update live.orders set test = true",
        "delete from log.events",
        "select * from log.events",
        "select * from log.keys",
        "set role postgres",
        "create table analytics.mine (a int)",
    ):
        refused = own.run("psql", "-c", f"set transaction read write; {statement}")
        assert (refused.code, "ERROR" in refused.err) == (1, True), statement
    url = own.run("psql", "--print-url")
    assert url.out.startswith("postgresql://orderpath_analyst@")
    assert "orderpath up" in url.err


def test_the_demo_ends_with_reports_a_history_and_what_to_try_next(own: CommandLine) -> None:
    said = own.run("demo", "--days", 7, "--orders", 60)
    again = own.run("demo", "--days", 7, "--orders", 60, "--json").json

    assert said.code == 0, said.err
    for words in ("Where the orders are", "Open orders", "History of order", "Try next:"):
        assert words in said.out
    assert again["summary"]["repeated"] == again["summary"]["commands"]
    assert again["history"]["changes"]


def test_help_is_there_for_every_command() -> None:
    line = CommandLine({})
    tops = (
        (), ("up",), ("down",), ("status",), ("follow",), ("psql",), ("demo",), ("import",),
        ("import", "quarantine"), ("order",), ("report",), ("projection",), ("path",),
    )  # fmt: skip
    for words in tops:
        said = line.run(*words, "--help")
        assert (said.code, "Usage: orderpath" in said.out) == (0, True), words
