"""Who drives the projections is chosen for all of them, and every command minds it."""

from pathlib import Path

import pytest

from infra.settings import Settings
from services.bootstrap import open_system
from tests.support.command_line import CommandLine, Processes

TWO = """\
path: two
stages: [open, closed]
statuses:
  one: {stage: open}
  done: {stage: closed, final: success}
initial: [{status: one}]
transitions: [{from: one, to: done}]
"""
PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:1:5", "--json")


def drivers(line: CommandLine) -> set[str]:
    return {one["driver"] for one in line.run("projection", "list", "--json").json}


def test_the_follower_drives_until_workers_are_told_to(line: CommandLine) -> None:
    assert line.run("status", "--json").json["driver"] == "follower"

    said = line.run("projection", "drive", "workers", "--json")

    assert (said.code, said.json) == (0, {"driver": "workers", "changed": True})
    assert line.run("projection", "drive", "workers", "--json").json["changed"] is False
    assert line.run("status", "--json").json["driver"] == "workers"
    assert "stream workers" in line.run("status").out
    assert drivers(line) == {"workers"}


def test_another_driver_than_these_two_is_a_usage_error(line: CommandLine) -> None:
    assert line.run("projection", "drive", "somebody").code == 2


def test_a_read_waits_for_the_workers_a_while_then_says_how_far_they_are_behind(
    line: CommandLine,
) -> None:
    line.run(*PLACE)
    line.run("report", "funnel")
    line.run("projection", "drive", "workers")
    line.run(*PLACE)

    said = line.run("report", "funnel", "--json")

    assert said.code == 0
    assert "1 position behind" in said.err
    assert said.json["open"] == 1, "What the tables hold."
    line.run("projection", "drive", "follower")
    assert line.run("report", "funnel", "--json").json["open"] == 2


def test_what_must_not_rest_on_old_tables_does_not(line: CommandLine, tmp_path: Path) -> None:
    """A guard that asks the tables, and an order that they do not know yet."""
    file = tmp_path / "two.yaml"
    file.write_text(TWO)
    line.run("path", "publish", file)
    line.run("report", "funnel")
    line.run("projection", "drive", "workers")
    line.run(*PLACE, "--path", "two", "--external-id", "N-1")
    file.write_text(TWO.replace("one", "first"))

    published = line.run("path", "publish", file)
    found = line.run("order", "show", "N-1")

    assert (published.code, found.code) == (3, 3)
    assert all("workers_behind" in one.err for one in (published, found))
    line.run("projection", "drive", "follower")
    refused = line.run("path", "publish", file)
    assert (refused.code, "status_in_use" in refused.err) == (1, True)
    assert line.run("order", "show", "N-1").code == 0


def test_a_read_says_nothing_when_the_workers_are_at_the_end(
    line: CommandLine, database_url: str
) -> None:
    line.run(*PLACE)
    line.run("report", "funnel")
    line.run("projection", "drive", "workers")

    said = line.run("report", "funnel", "--json")

    assert (said.json["open"], said.err) == (1, "")


def test_follow_says_that_workers_drive_and_leaves_the_tables_to_them(
    line: CommandLine, environment: dict[str, str], database_url: str
) -> None:
    line.run("projection", "drive", "workers")
    line.run(*PLACE)
    program = Processes(environment).start("follow")
    assert program.stdout is not None
    found = next(said for said in program.stdout if "projections at position" in said)

    assert "workers drive them: nothing is done here" in found
    program.terminate()
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 0, out
    with open_system(Settings(database_url=database_url)) as system:
        assert system.read_models.find_oldest_waiting() is not None


@pytest.mark.parametrize("name", ["", "a b", "../up", "ö"])
def test_a_worker_has_a_name_that_kafka_takes(line: CommandLine, name: str) -> None:
    said = line.run("worker", "--id", name)

    assert said.code == 2
    assert "is no name" in said.err
