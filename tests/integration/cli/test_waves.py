"""`orderpath wave …` as a person types it (P31)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.waves.commands import BeginWave
from tests.support.command_line import CommandLine, Here
from tests.support.examples import actor
from tests.support.loads import open_pipeline

PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:1:9.90:A mug", "--actor", "website")
MORNING = """\
wave: morning
title: {en: Into the assembly}
mode: "off"
schedule: {at: ["09:30"], days: every}
orders: {status: [new, confirmed], path: universal}
then: {move: confirmed, reason: The morning wave}
roles: [manager]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "morning.yaml"
    path.write_text(MORNING)
    return path


@pytest.fixture
def orders(line: CommandLine) -> list[str]:
    """The ids of three orders, of which the last is confirmed."""
    ids = [line.run(*PLACE, "--json").json["order_id"] for _ in range(3)]
    line.run("order", "move", ids[2], "confirmed", "--role", "manager")
    return ids


def status(line: CommandLine, order: str) -> Any:
    return line.run("order", "show", order, "--json").json["status"]


def test_p31_a_wave_is_published_listed_and_shown(line: CommandLine, file: Path) -> None:
    published = line.run("wave", "publish", file, "--json")
    again = line.run("wave", "publish", file)
    on = line.run("wave", "publish", "-", stdin=MORNING.replace('"off"', '"on"'))
    (row,) = line.run("wave", "list", "--json").json
    shown = line.run("wave", "show", "morning", "--json").json
    people = line.run("wave", "show", "morning").out

    assert (published.code, published.json["outcome"], published.json["wave"]) == (
        0, "accepted", "morning",
    ), published.err  # fmt: skip
    assert "Nothing new: version 1 of wave morning says the same." in again.out
    assert "Version 2 of wave morning comes next at" in on.out
    assert (row["version"], row["mode"]) == (2, "on")
    assert row["hours"] == "09:30 on every day of shop"
    assert row["next_hour"].endswith("T09:30:00Z")
    assert (row["orders"], row["asked"]) == (
        "status=new|confirmed; path=universal", "move to confirmed",
    )  # fmt: skip
    assert (shown["runs"], shown["definition"]["roles"]) == ([], ["manager"])
    for words in ("Wave morning, version 2: Into the assembly", "The morning wave"):
        assert words in people


def test_p31_a_preview_names_the_orders_and_does_nothing(
    line: CommandLine, file: Path, orders: list[str]
) -> None:
    line.run("wave", "publish", file)

    said = line.run("wave", "preview", "morning", "--json")
    people = line.run("wave", "preview", "morning").out

    assert (said.code, said.json["preview"], said.json["orders"]) == (0, True, 3)
    assert {one["order_id"]: one["outcome"] for one in said.json["results"]} == {
        orders[0]: "accepted", orders[1]: "accepted", orders[2]: "nothing",
    }  # fmt: skip
    assert "3 orders would be asked: 2 changed, 1 already so. Nothing was done." in people
    assert all(order in people for order in orders[:2])
    assert [status(line, order) for order in orders] == ["new", "new", "confirmed"]
    assert line.run("wave", "show", "morning", "--json").json["runs"] == []


def test_p31_a_person_runs_a_wave_and_anybody_looks_up_what_became_of_it(
    line: CommandLine, file: Path, orders: list[str]
) -> None:
    line.run("wave", "publish", file)
    run = ("wave", "run", "morning", "--role", "manager", "--actor", "bob", "--json")
    batch = uuid4()

    ran = line.run(*run, "--command-id", batch)
    again = line.run(*run, "--command-id", batch)
    looked_up = line.run("wave", "results", "morning", "--json")
    (told,) = line.run("wave", "show", "morning", "--json").json["runs"]

    assert (ran.code, ran.json["batch_id"], ran.json["actor"]) == (0, str(batch), "bob")
    assert ran.json["outcomes"] == {"accepted": 2, "refused": 0, "nothing": 1, "failed": 0}
    for said in (again, looked_up):
        assert said.code == 0
        assert said.json["outcomes"] == ran.json["outcomes"]
        assert said.json["results"] == ran.json["results"]
    assert [status(line, order) for order in orders] == ["confirmed"] * 3
    assert (told["begun_by"], told["due_at"], told["orders"], told["accepted"]) == (
        "bob", None, 3, 2,
    )  # fmt: skip
    assert line.run("order", "bulk", "show", batch).code == 0


def test_a_wave_is_not_begun_under_the_id_of_another_batch(
    line: CommandLine, file: Path, orders: list[str]
) -> None:
    line.run("wave", "publish", file)
    batch = uuid4()
    moving = ("--to", "confirmed", "--where", "status=new", "--role", "manager")
    assert line.run("order", "bulk", "move", *moving, "--batch-id", batch).code == 0

    ran = line.run("wave", "run", "morning", "--role", "manager", "--command-id", batch)

    assert (ran.code, "was begun with another wish" in ran.err) == (2, True)
    assert line.run("wave", "show", "morning", "--json").json["runs"] == []


def test_p31_a_person_has_no_more_rights_by_a_wave_than_without_it(
    line: CommandLine, file: Path, orders: list[str]
) -> None:
    line.run("wave", "publish", file)

    ran = line.run("wave", "run", "morning", "--actor", "eve")

    assert (ran.code, "role_missing" in ran.out) == (1, True)
    assert status(line, orders[0]) == "new"
    assert line.run("wave", "results", "morning").code == 1


def test_p31_a_wave_without_orders_ends_at_once(line: CommandLine, file: Path) -> None:
    line.run("wave", "publish", file)

    ran = line.run("wave", "run", "morning")
    results = line.run("wave", "results", "morning", "--json")

    assert (ran.code, "No order is meant: nothing was done." in ran.out) == (0, True)
    assert (results.code, results.json["orders"]) == (0, 0)


def test_what_is_not_there_is_answered_with_what_is(line: CommandLine, file: Path) -> None:
    none = line.run("wave", "show", "morning")
    line.run("wave", "publish", file)
    other = line.run("wave", "run", "evening")
    never = line.run("wave", "results", "morning")
    no_batch = line.run("wave", "results", "morning", "--batch", uuid4())

    assert {one.code for one in (none, other, never, no_batch)} == {2}
    assert "none is published, `orderpath wave list --ready` names some" in none.err
    assert "no wave is named 'evening': choose one of morning" in other.err
    assert "the wave morning has not come yet" in never.err
    assert "the wave morning has no batch" in no_batch.err


def test_a_wave_that_nobody_carries_out_names_the_program_that_does(
    line: Here, file: Path, orders: list[str]
) -> None:
    line.run("wave", "publish", file)
    with open_pipeline(line.environment["ORDERPATH_DATABASE_URL"]) as pipeline:
        pipeline.execute(BeginWave(command_id=uuid4(), actor=actor(), wave="morning"))

    results = line.run("wave", "results", "morning")
    ran = line.run("wave", "run", "morning", "--role", "manager")

    assert (results.code, "`orderpath waves` carries it out" in results.err) == (2, True)
    assert "interrupted, `orderpath waves` carries on with it" in ran.err


def test_a_file_with_mistakes_publishes_nothing(line: CommandLine, file: Path) -> None:
    file.write_text(MORNING.replace("then:", "than:").replace("09:30", "9:30").replace("off", "of"))

    said = line.run("wave", "publish", file)
    unknown = line.run(
        "wave", "publish", "-", stdin=MORNING.replace("days:", "calendar: depot, days:")
    )

    assert said.code == 2
    assert "morning.yaml:3:7: 'of' is not known here" in said.err
    assert "is no hour: write 09:30" in said.err
    assert "unknown key 'than': did you mean then?" in said.err
    assert (unknown.code, "No calendar depot is published" in unknown.err) == (1, True)
    assert line.run("wave", "list", "--json").json == []


def test_p31_edoque_s_waves_come_ready_made(line: CommandLine) -> None:
    (ready,) = line.run("wave", "list", "--ready", "--json").json
    published = line.run("wave", "publish", "--ready", ready["wave"])

    assert ready["asked"] == "move to sent"
    assert "Version 1 of wave edoque_to_warehouse comes next at" in published.out
    assert line.run("wave", "publish", "--ready", "edoque").code == 2
    assert line.run("wave", "publish").code == 2
