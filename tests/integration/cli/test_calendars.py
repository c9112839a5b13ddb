"""`orderpath calendar …`: a shop publishes its own working hours, and anybody can look at them."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.command_line import CommandLine

DEPOT = """\
calendar: depot
title: {en: Depot hours}
zone: Europe/Moscow
hours:
  mon: [09:00-13:00, 14:00-18:30]
  sat: [10:00-14:00]
holidays:
  2026-05-01: Labour Day
special_days:
  2026-05-02: [12:00-14:00]
"""
PUBLISH = ("calendar", "publish")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a calendar."""
    path = tmp_path / "depot.yaml"
    path.write_text(DEPOT)
    return path


def test_a_published_calendar_is_listed_beside_the_ready_made_one(
    line: CommandLine, file: Path
) -> None:
    published = line.run(*PUBLISH, file, "--actor", "ann", "--json")
    depot, shop = line.run("calendar", "list", "--json").json

    assert (published.code, published.json["outcome"]) == (0, "accepted"), published.err
    assert (published.json["calendar"], published.json["version"]) == ("depot", 1)
    assert published.json["first_position"] == published.json["last_position"]
    assert depot == {
        "calendar": "depot", "version": 1, "title": "Depot hours", "zone": "Europe/Moscow",
        "week_hours": 12.5, "holidays": 1, "special_days": 1,
    }  # fmt: skip
    assert (shop["calendar"], shop["zone"], shop["week_hours"]) == ("shop", "UTC", 45.0)
    people = line.run("calendar", "list").out
    assert ("Depot hours" in people, "12.5" in people) == (True, True)


def test_a_calendar_is_shown_with_its_hours_holidays_and_special_days(
    line: CommandLine, file: Path
) -> None:
    line.run(*PUBLISH, file)

    shown = line.run("calendar", "show", "depot", "--json").json
    people = line.run("calendar", "show", "depot").out

    assert (shown["calendar"], shown["version"]) == ("depot", 1)
    assert shown["definition"]["hours"]["mon"] == ["09:00-13:00", "14:00-18:30"]
    assert shown["definition"]["holidays"] == {"2026-05-01": "Labour Day"}
    for words in ("Calendar depot, version 1: Depot hours, Europe/Moscow", "09:00-13:00, 14:00",
                  "2026-05-01", "Labour Day", "12:00-14:00"):  # fmt: skip
        assert words in people
    assert "Other days" not in line.run("calendar", "show", "shop").out


def test_a_shop_puts_its_own_hours_in_place_of_the_ready_made_ones(line: CommandLine) -> None:
    published = line.run(*PUBLISH, "-", stdin=DEPOT.replace("depot", "shop"))

    assert published.code == 0, published.err
    assert "Limits follow version 2 of calendar shop" in published.out
    assert line.run("calendar", "show", "shop", "--json").json["version"] == 2


def test_the_same_calendar_again_is_nothing_new(line: CommandLine, file: Path) -> None:
    first = line.run(*PUBLISH, file)
    again = line.run(*PUBLISH, "-", stdin=DEPOT)
    other = line.run(*PUBLISH, "-", stdin=DEPOT.replace("18:30", "19:00"))

    assert (first.code, "Limits follow version 1 of calendar depot" in first.out) == (0, True)
    assert (again.code, "Nothing new: version 1" in again.out) == (0, True)
    assert (other.code, "Limits follow version 2 of calendar depot" in other.out) == (0, True)


def test_publishing_a_calendar_under_the_same_command_id_happens_once(
    line: CommandLine, file: Path
) -> None:
    command = (*PUBLISH, file, "--command-id", uuid4(), "--json")

    first = line.run(*command)
    line.run(*PUBLISH, "-", stdin=DEPOT.replace("18:30", "19:00"))
    again = line.run(*command)

    assert again.json == first.json | {"repeated": True}


def test_a_stated_version_of_the_calendar_is_a_condition(line: CommandLine, file: Path) -> None:
    late = line.run(*PUBLISH, file, "--expected-version", 1)
    new = line.run(*PUBLISH, file, "--expected-version", 0)
    status = line.run(*PUBLISH, file, "--expected-status", "new")

    assert (late.code, "calendar-depot is at version 0, not 1" in late.err) == (1, True)
    assert new.code == 0
    assert (status.code, "A calendar has no status" in status.err) == (1, True)


def test_a_file_with_mistakes_publishes_nothing(line: CommandLine, file: Path) -> None:
    file.write_text(DEPOT.replace("zone:", "zonne:").replace("18:30", "02:00"))

    said = line.run(*PUBLISH, file)

    assert said.code == 2
    assert "depot.yaml:3:1: unknown key 'zonne': did you mean zone?" in said.err
    assert "depot.yaml:5:22: 14:00-02:00 goes over midnight: write 14:00-24:00, and" in said.err
    assert [row["calendar"] for row in line.run("calendar", "list", "--json").json] == ["shop"]


def test_an_unknown_calendar_is_answered_with_the_known_ones(line: CommandLine) -> None:
    said = line.run("calendar", "show", "depot")

    assert said.code == 2
    assert said.err == "Error: no calendar is named 'depot': choose one of shop\n"
