"""`orderpath path lint`: R4, D1. A shop is told what is not well, where, and what to do."""

from pathlib import Path

import pytest
import yaml

from tests.support.command_line import CommandLine
from tests.support.paths import clean_path

LINT = ("path", "lint")
STUCK = """\
path: stuck
stages: [open, closed]
statuses:
  new: {stage: open, title: {en: New}, owner: {group: managers}, limit: {wall: 1d}}
  packing:
    stage: open
    title: {en: Packing}
    owner: {group: warehouse}
    limit: {wall: 4h}
  done: {stage: closed, title: {en: Done}, final: success, color: "#d9463e"}
initial: [{status: new}]
transitions:
  - {from: new, to: [packing, done]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A path with an error and a hint."""
    path = tmp_path / "stuck.yaml"
    path.write_text(STUCK)
    return path


def test_r4_a_finding_tells_its_line_why_it_matters_and_what_to_do(
    line: CommandLine, file: Path
) -> None:
    said = line.run(*LINT, file)

    assert said.code == 1
    assert said.out.splitlines() == [
        "stuck.yaml:5:3: error dead_end: no move leads out of packing, and it is not final",
        "    why: every order that comes here is stuck and stays open for ever",
        "    do:  add a move out of it, or final: success or failure",
        "stuck.yaml:10:60: hint color_misleads: done ends in success and is not green",
        "    why: people read colours before words: green is done, red or orange needs attention",
        "    do:  take a green",
        "stuck.yaml: 1 error, 1 hint",
    ]


def test_r4_programs_get_every_finding_with_its_place(line: CommandLine, file: Path) -> None:
    said = line.run(*LINT, file, "--json").json

    first, second = said["findings"]
    assert (said["path"], said["version"]) == ("stuck", None)
    assert said["counts"] == {"errors": 1, "warnings": 0, "hints": 1}
    assert (first["code"], first["place"]) == ("dead_end", ["statuses", "packing"])
    assert (first["line"], first["column"]) == (5, 3)
    assert second["severity"] == "hint"


def test_hints_alone_are_well(line: CommandLine, tmp_path: Path) -> None:
    path = clean_path()
    path["statuses"]["done"]["color"] = "#d9463e"

    said = line.run(*LINT, "-", stdin=yaml.safe_dump(path, sort_keys=False))

    assert (said.code, said.out.splitlines()[-1]) == (0, "standard input: 1 hint")


def test_a_published_version_is_found_by_its_name(line: CommandLine, file: Path) -> None:
    line.run("path", "publish", file)
    line.run("path", "publish", "-", stdin=STUCK.replace("  - {from: new", "  - {from: '*'"))

    latest, first = line.run(*LINT, "stuck"), line.run(*LINT, "stuck@1")
    missing = line.run(*LINT, "stuck@7")

    assert (latest.code, "stuck, version 2: 1 hint" in latest.out) == (0, True)
    assert (first.code, "statuses.packing: error dead_end" in first.out) == (1, True)
    assert (missing.code, missing.err) == (
        2, "Error: the path stuck has no version 7: the latest is 2\n",
    )  # fmt: skip


def test_r6_a_copy_of_a_published_path_is_told_to_be_merged(line: CommandLine, file: Path) -> None:
    line.run("path", "publish", file)

    said = line.run(*LINT, "-", stdin=STUCK.replace("path: stuck", "path: second"))

    assert "standard input:1:1: warning paths_equal: orders travel by second as" in said.out


def test_a29_owners_are_asked_of_a_list(line: CommandLine, file: Path, tmp_path: Path) -> None:
    owners = tmp_path / "owners.yaml"
    owners.write_text("groups: [managers]\n")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("group: [managers]\n")

    said = line.run(*LINT, file, "--owners", owners)
    unknown = line.run(*LINT, file, "--owners", wrong)

    assert "stuck.yaml:8:13: warning owner_inactive: there is no group warehouse" in said.out
    assert (unknown.code, unknown.err) == (
        2, "Error: wrong.yaml:1:1: unknown key 'group': did you mean groups?\n",
    )  # fmt: skip


def test_a_file_that_is_no_path_is_a_matter_of_usage(line: CommandLine, file: Path) -> None:
    file.write_text(STUCK.replace("to: [packing", "to: [paking"))

    said = line.run(*LINT, file)

    assert (said.code, said.out) == (2, "")
    assert "there is no status 'paking': did you mean packing?" in said.err


def test_a_long_list_is_cut_for_people_and_counted(line: CommandLine) -> None:
    path = clean_path()
    for number in range(120):
        path["statuses"][f"s{number}"] = {"stage": "open"}

    said = line.run(*LINT, "-", stdin=yaml.safe_dump(path, sort_keys=False))

    assert said.code == 1
    assert "The first 100 of 601: dead_end 120, limit_missing 120" in said.out
