"""`orderpath path preview|publish|migrate`: a changed path and the orders that are on their way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine

PATH = """
path: small
stages: [intake, work, closed]
statuses:
  new: {stage: intake}
  packing: {stage: work}
  done: {stage: closed, final: success}
initial: [{status: new}]
transitions:
  - {from: new, to: packing}
  - {from: packing, to: done}
"""
PLACE = (
    "order", "place", "--path", "small", "--currency", "EUR", "--item", "MUG:1:9.90:A mug",
)  # fmt: skip
MIGRATE = ("path", "migrate", "small", "--reason", "New words")

File = Callable[[str], Path]
RENAMED = PATH.replace("packing", "packed")
OFF = PATH.replace("packing: {stage: work}", "packing: {stage: work, active: false}")
ENDING = PATH.replace("packing: {stage: work}", "packing: {stage: closed, final: failure}")


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Give a file with such a text."""

    def write(text: str) -> Path:
        path = tmp_path / "small.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def ids(line: CommandLine, file: File) -> list[str]:
    """Three orders of the path: new, packing, done."""
    assert line.run("path", "publish", file(PATH)).code == 0
    found = [line.run(*PLACE, "--json").json["order_id"] for _ in range(3)]
    for one, *moves in ((found[1], "packing"), (found[2], "packing", "done")):
        for status in moves:
            assert line.run("order", "move", one, status).code == 0
    return found


def shown(line: CommandLine, ids: list[str]) -> list[tuple[str, int]]:
    found: list[dict[str, Any]] = [line.run("order", "show", x, "--json").json for x in ids]
    return [(one["status"], one["path_version"]) for one in found]


@pytest.mark.parametrize(
    ("text", "why", "words"),
    [
        (RENAMED, "missing", "1 order is in packing, which this version does not have"),
        (OFF, "inactive", "1 order is in packing, and it is not active in this version"),
        (ENDING, "final", "1 order is in packing, and it ends orders in this version"),
    ],
)
def test_d1_p4_a_version_that_strands_orders_is_shown_and_refused_with_their_list(
    line: CommandLine, ids: list[str], file: File, text: str, why: str, words: str
) -> None:
    previewed = line.run("path", "preview", file(text))
    asked = line.run("path", "preview", file(text), "--json").json
    refused = line.run("path", "publish", file(text))

    (one,) = asked["stranded"]
    assert (one["status"], one["why"], one["orders"]) == ("packing", why, 1)
    assert one["totals_minor"] == {"EUR": 990}
    assert (asked["version"], asked["changed"], asked["needed"]) == (1, True, ["packing=…"])
    assert (previewed.code, "--map packing=…" in previewed.out) == (1, True)
    assert (refused.code, words in refused.err, "status_in_use" in refused.err) == (1, True, True)
    assert line.run("path", "show", "small", "--json").json["version"] == 1


def test_p4_a_status_without_orders_is_switched_off_and_nobody_enters_it_any_more(
    line: CommandLine, ids: list[str], file: File
) -> None:
    line.run("order", "move", ids[1], "done")

    published = line.run("path", "publish", file(OFF))
    (placed,) = [line.run(*PLACE, "--json").json["order_id"]]
    moved = line.run("order", "move", placed, "packing")

    assert published.code == 0
    assert (moved.code, "status_inactive" in moved.err) == (1, True)


def test_d1_what_is_not_stranded_is_published_without_a_word(
    line: CommandLine, ids: list[str], file: File
) -> None:
    more = PATH.replace("initial:", "  lost: {stage: closed, final: failure}\ninitial:")
    same, other = line.run("path", "preview", file(PATH)), line.run("path", "preview", file(more))

    assert (same.code, "Version 1 of path small says the same." in same.out) == (0, True)
    assert (other.code, "No order would be stranded" in other.out) == (0, True)
    assert line.run("path", "publish", file(more)).code == 0


def test_d1_orders_that_are_on_their_way_are_migrated_by_one_batch(
    line: CommandLine, ids: list[str], file: File
) -> None:
    published = line.run("path", "publish", file(RENAMED), "--strand")
    rehearsed = line.run(*MIGRATE, "--preview", "--json")
    migrated = line.run(*MIGRATE, "--map", "packing=packed", "--json")
    again = line.run(*MIGRATE, "--map", "packing=packed")

    assert published.code == 0
    assert rehearsed.json["refused_because"] == {"status_not_mapped": 1}
    assert (migrated.code, migrated.json["outcomes"]["accepted"]) == (0, 2)
    assert "No order is meant" in again.out
    assert shown(line, ids) == [("new", 2), ("packed", 2), ("done", 1)]
    assert line.run("order", "move", ids[1], "done").code == 0


def test_d1_an_interrupted_migration_goes_on_with_the_version_that_it_began_with(
    line: CommandLine, ids: list[str], file: File
) -> None:
    line.run("path", "publish", file(RENAMED), "--strand")
    command = (*MIGRATE, "--map", "packing=packed", "--json")
    first = line.run(*command).json
    line.run("path", "publish", file(RENAMED.replace("[intake,", "[before, intake,")))

    again = line.run(*command, "--batch-id", first["batch_id"]).json

    assert (again["repeated"], again["asked"]["path_version"]) == (2, 2)
    assert again["outcomes"] == first["outcomes"]


def test_d1_a_migration_is_taken_back(line: CommandLine, ids: list[str], file: File) -> None:
    line.run("path", "publish", file(RENAMED), "--strand")
    batch = line.run(*MIGRATE, "--map", "packing=packed", "--json").json["batch_id"]

    undone = line.run("order", "bulk", "undo", batch, "--reason", "The old words were better")

    assert undone.code == 0
    assert shown(line, ids) == [("new", 1), ("packing", 1), ("done", 1)]


def test_d1_orders_move_onto_another_path(line: CommandLine, ids: list[str], file: File) -> None:
    line.run("path", "publish", file(RENAMED.replace("path: small", "path: large")))
    move = ("path", "migrate", "large", "--from-path", "small", "--from-version", 1)

    said = line.run(*move, "--map", "packing=packed", "--reason", "One path for all", "--json")

    assert (said.code, said.json["selection"]) == (0, {"path": "small", "path_version": 1})
    assert shown(line, ids) == [("new", 1), ("packed", 1), ("done", 1)]
    paths = [line.run("order", "show", one, "--json").json["path"] for one in ids]
    assert paths == ["large", "large", "small"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("migrate", "small"), 2, "a migration needs --reason"),
        (("migrate", "nowhere", "--reason", "x"), 2, "no path is named 'nowhere'"),
        (("migrate", "small", "--reason", "x", "--map", "new"), 2, "write OLD=NEW"),
        (("migrate", "small", "--reason", "x", "--map", "a=b", "--map", "a=c"), 2, "each OLD once"),
        (("migrate", "small", "--reason", "x", "--map", "New=b"), 2, "mapping"),
        (("preview", "nowhere.yaml"), 2, "cannot be opened"),
    ],
)
def test_d1_what_is_wrong_is_said_in_a_sentence(
    line: CommandLine, ids: list[str], words: tuple[object, ...], code: int, says: str
) -> None:
    said = line.run("path", *words)

    assert (said.code, says in said.err) == (code, True), said.err
