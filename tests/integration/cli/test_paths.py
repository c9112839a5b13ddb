"""`orderpath path …`: a shop publishes its own path, and orders follow it."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.command_line import CommandLine

SMALL = """\
path: small
title: {en: Small shop}
stages: [new, closed]
statuses:
  new: {stage: new}
  done: {stage: closed, final: success}
  gone: {stage: closed, final: failure}
initial: [{status: new}]
transitions:
  - {from: new, to: [done, gone]}
"""
PUBLISH = ("path", "publish")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a small path."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_new_orders_follow_a_published_path(line: CommandLine, file: Path) -> None:
    place = ("order", "place", "--path", "small", "--currency", "EUR", "--item", "MUG:1:5")
    before = line.run(*place, "--external-id", "B-1")

    published = line.run(*PUBLISH, file, "--actor", "ann", "--json")
    placed = line.run(*place, "--external-id", "B-2")
    moved = line.run("order", "move", "B-2", "done")

    assert (before.code, "path_unknown" in before.err) == (1, True)
    assert "Published paths: olist, universal." in before.err
    assert (published.code, published.json["outcome"]) == (0, "accepted"), published.err
    assert (published.json["path"], published.json["version"]) == ("small", 1)
    assert (placed.code, moved.code) == (0, 0), placed.err + moved.err
    assert "done" in line.run("path", "show", "small").out


def test_the_same_content_again_is_nothing_new(line: CommandLine, file: Path) -> None:
    first = line.run(*PUBLISH, file)
    again = line.run(*PUBLISH, "-", stdin=SMALL)
    other = line.run(*PUBLISH, "-", stdin=SMALL.replace("Small shop", "Corner shop"))

    assert (first.code, "New orders follow version 1 of path small" in first.out) == (0, True)
    assert (again.code, "Nothing new: version 1" in again.out) == (0, True)
    assert (other.code, "New orders follow version 2 of path small" in other.out) == (0, True)
    paths = line.run("path", "list", "--json").json
    assert {row["path"]: row["version"] for row in paths}["small"] == 2


def test_publishing_under_the_same_command_id_happens_once(line: CommandLine, file: Path) -> None:
    command = (*PUBLISH, file, "--command-id", uuid4(), "--json")

    first = line.run(*command)
    line.run(*PUBLISH, "-", stdin=SMALL.replace("Small shop", "Corner shop"))
    again = line.run(*command)

    assert again.json == first.json | {"repeated": True}


def test_a_stated_version_of_the_path_is_a_condition(line: CommandLine, file: Path) -> None:
    late = line.run(*PUBLISH, file, "--expected-version", 1)
    new = line.run(*PUBLISH, file, "--expected-version", 0)
    status = line.run(*PUBLISH, file, "--expected-status", "new")

    assert (late.code, "path-small is at version 0, not 1" in late.err) == (1, True)
    assert new.code == 0
    assert (status.code, "A path has no status" in status.err) == (1, True)


def test_all_mistakes_of_a_file_are_told_with_their_place(line: CommandLine, file: Path) -> None:
    file.write_text(SMALL.replace("{stage: new}", "{stage: nwe, colour: red}"))

    said = line.run(*PUBLISH, file)

    assert said.code == 2
    assert "small.yaml:5:16: there is no stage 'nwe': did you mean new?" in said.err
    assert "small.yaml:5:21: unknown key 'colour': did you mean color?" in said.err
    assert [row["path"] for row in line.run("path", "list", "--json").json] == [
        "olist", "universal",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "small.yaml cannot be opened (No such file or directory): check the path"),
        (b"path: \xff", "small.yaml: not UTF-8: save it as UTF-8"),
        (b"a" * 1_000_001, "small.yaml is longer than 1,000,000 characters: shorten it"),
        (b"", "small.yaml:1:1: the file is empty: write something"),
    ],
)
def test_a_file_that_is_no_path_is_a_matter_of_usage(
    line: CommandLine, file: Path, content: bytes | None, says: str
) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    said = line.run(*PUBLISH, file)

    assert (said.code, said.err) == (2, f"Error: {says}\n")


def test_paths_are_listed_and_shown(line: CommandLine) -> None:
    names = [row["path"] for row in line.run("path", "list", "--json").json]
    shown = line.run("path", "show", "olist", "--json").json

    assert names == ["olist", "universal"]
    assert shown["definition"]["statuses"]["delivered"]["final"] == "success"
    assert "not_bought_out" in line.run("path", "show", "universal").out


def test_p7_the_path_that_applies_is_named_and_taken(line: CommandLine, file: Path) -> None:
    file.write_text(SMALL + "applies_to: [{channel: phone, shop: main}]\n")
    line.run(*PUBLISH, file)
    place = ("order", "place", "--currency", "EUR", "--item", "MUG:1:5", "--json")

    which = line.run("path", "which", "--channel", "phone", "--json")
    phone = line.run(*place, "--channel", "phone", "--external-id", "C-1")
    none = line.run(*place, "--channel", "market", "--external-id", "C-2")

    assert which.json["path"] == "small"
    assert which.json["matches"][0] == {"path": "small", "version": 1, "names": ["shop", "channel"]}
    assert "taken" in line.run("path", "which").out
    assert phone.code == 0, phone.err
    assert line.run("order", "show", "C-1", "--json").json["path"] == "small"
    assert (none.code, none.json["unmet"][0]["code"]) == (1, "path_not_chosen")


def test_editors_get_the_schema_of_the_language(line: CommandLine) -> None:
    assert line.run("path", "schema").json["properties"]["statuses"]["type"] == "object"


def test_a_ready_made_path_is_listed_and_published_by_its_name(line: CommandLine) -> None:
    ready = {row["path"] for row in line.run("path", "list", "--ready", "--json").json}
    published = line.run(*PUBLISH, "--ready", "minoxidil", "--json")
    order = (
        "order",
        "place",
        "--shop",
        "minoxidil",
        "--currency",
        "EUR",
        "--item",
        "FOAM:1:5",
        "--role",
        "manager",
    )
    placed = line.run(*order, "--external-id", "M-1")

    assert {"universal", "minoxidil", "city_tuning", "retailcrm_company"} <= ready
    assert (published.code, published.json["version"]) == (0, 1), published.err
    assert placed.code == 0, placed.err
    assert "minoxidil" in line.run("order", "show", "M-1").out


@pytest.mark.parametrize("named", [(), ("-", "--ready", "minoxidil")])
def test_publishing_asks_for_a_file_or_a_name_and_not_for_both(
    line: CommandLine, named: tuple[str, ...]
) -> None:
    answer = line.run(*PUBLISH, *named, stdin=SMALL)

    assert (answer.code, "FILE, or --ready NAME" in answer.err) == (2, True)


def test_a_ready_made_path_that_there_is_not_is_told_with_those_that_there_are(
    line: CommandLine,
) -> None:
    answer = line.run(*PUBLISH, "--ready", "minoxydil")

    assert answer.code == 2
    assert "minoxidil" in answer.err
