"""`orderpath report overrides`: the report of the day, with reasons."""

import csv
import io
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

LOOSE = """\
path: loose
stages: [all]
statuses:
  new: {stage: all}
  done: {stage: all, final: success}
initial: [{status: new}]
transitions:
  - {from: [new, done], to: [done, new], override: true}
"""
REPORT = ("report", "overrides")


@pytest.fixture
def shop(line: CommandLine, tmp_path: Path) -> CommandLine:
    """A shop with one order that was moved twice against the usual way."""
    file = tmp_path / "loose.yaml"
    file.write_text(LOOSE)
    place = ("order", "place", "--path", "loose", "--currency", "EUR", "--item", "MUG:1:5")
    for words in (
        ("path", "publish", file),
        (*place, "--external-id", "A-1"),
        ("order", "move", "A-1", "done", "--actor", "eva", "--reason", "Mr Smith insisted"),
        ("order", "move", "A-1", "new", "--actor", "bob", "--reason", "He changed his mind"),
    ):
        assert line.run(*words).code == 0
    return line


def test_r6_the_report_of_the_day_tells_who_moved_what_against_the_usual_way_and_why(
    shop: CommandLine,
) -> None:
    answer = shop.run(*REPORT, "--json").json
    people = shop.run(*REPORT).out

    assert (answer["as_of"], answer["total"]) == (None, 2)
    assert [(o["from"], o["to"], o["actor_id"], o["reason"]) for o in answer["overrides"]] == [
        ("done", "new", "bob", "He changed his mind"),
        ("new", "done", "eva", "Mr Smith insisted"),
    ]
    assert set(answer["overrides"][0]) == {
        "order_id", "external_id", "path", "used_at", "from", "to", "actor_kind", "actor_id",
        "on_behalf_of", "version", "position", "reason",
    }  # fmt: skip
    assert "Mr Smith insisted" in people
    assert "2 in all, 2 are listed." in people


def test_the_report_is_of_so_much_time_up_to_a_moment_that_moment_included(
    shop: CommandLine,
) -> None:
    second, first = (o["used_at"] for o in shop.run(*REPORT, "--json").json["overrides"])

    then = shop.run(*REPORT, "--as-of", first, "--json").json
    before = shop.run(*REPORT, "--since", "1d", "--as-of", "2001-01-01", "--json").json
    known = shop.run(*REPORT, "--as-known", first, "--json").json
    other = shop.run(*REPORT, "--path", "universal", "--json").json

    assert [o["used_at"] for o in then["overrides"]] == [first]
    assert (before["total"], before["overrides"]) == (0, [])
    assert second not in [o["used_at"] for o in known["overrides"]]
    assert other["total"] == 0


def test_a_short_list_says_how_many_there_are(shop: CommandLine) -> None:
    answer = shop.run(*REPORT, "--limit", 1, "--json").json

    assert (answer["total"], [o["to"] for o in answer["overrides"]]) == (2, ["new"])


def test_the_header_of_the_csv_stands_there_without_rows_too(shop: CommandLine) -> None:
    full = shop.run(*REPORT, "--csv").out
    empty = shop.run(*REPORT, "--as-of", "2001-01-01", "--csv").out

    assert empty.splitlines() == full.splitlines()[:1]
    assert [row["reason"] for row in csv.DictReader(io.StringIO(full))] == [
        "He changed his mind", "Mr Smith insisted",
    ]  # fmt: skip
