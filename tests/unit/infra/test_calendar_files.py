"""Calendar files: a checked calendar, or every problem with its line, its column and what to do."""

from datetime import date
from pathlib import Path

import pytest

from domain.paths.calendars import Calendar
from domain.refusals import Unusable
from infra.calendar_files import load_preset, preset_names, read_calendar
from infra.yaml_language import FileError
from tests.support.spoiled import problems_of, spoil

GOOD = """\
calendar: depot
title: {en: Depot}
zone: Europe/Berlin
hours:
  mon: [09:00-13:00, 14:00-18:00]
  sat: [10:00-14:00]
holidays:
  2026-12-25: Christmas Day
  2026-01-01: New Year
special_days:
  2026-12-24: [09:00-12:00]
"""


def problems(text: str) -> tuple[str, ...]:
    return problems_of(read_calendar, text, "depot.yaml")


def test_a_good_file_becomes_a_calendar() -> None:
    calendar = read_calendar(GOOD, where="depot.yaml")

    assert calendar.hours.mon == ("09:00-13:00", "14:00-18:00")
    assert list(calendar.holidays) == [date(2026, 1, 1), date(2026, 12, 25)]
    assert calendar.special_days == {date(2026, 12, 24): ("09:00-12:00",)}


@pytest.mark.parametrize("name", preset_names())
def test_every_ready_made_calendar_loads_and_survives_json(name: str) -> None:
    calendar = load_preset(name)

    assert calendar.calendar == name
    again = Calendar.model_validate_json(calendar.model_dump_json())
    assert again == calendar
    assert again.content_hash == calendar.content_hash


def test_the_ready_made_shop_is_open_from_monday_to_friday_in_utc() -> None:
    shop = load_preset("shop")

    assert preset_names() == ("shop",)
    assert shop.zone == "UTC"
    assert [len(hours) for hours in shop.hours.days] == [1, 1, 1, 1, 1, 0, 0]


def test_the_example_in_the_documentation_is_a_calendar() -> None:
    page = Path(__file__).parents[3] / "docs" / "calendars.md"
    example = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]

    assert read_calendar(example, where="calendars.md").zone == "Europe/Moscow"


@pytest.mark.parametrize("name", ["shopp", "../universal", "shop.yaml", "universal"])
def test_an_unknown_ready_made_calendar_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(FileError, match="no ready-made calendar") as caught:
        load_preset(name)
    assert isinstance(caught.value, Unusable)


# What is replaced, by what (§ stands before the place that the problem must name), the problem.
SPOILED = {
    "unknown key": ("title:", "§titel:", "unknown key 'titel': did you mean title?"),
    "unknown weekday": ("mon:", "§monday:", "unknown key 'monday': did you mean mon?"),
    "missing key": ("calendar: depot\n", "§", "calendar is missing: add it"),
    "no code": ("depot\n", "§The Depot\n", "'The Depot' does not fit: write a-z, 0-9"),
    "no zone": (
        "Europe/Berlin",
        "§Berlin",
        "there is no time zone 'Berlin': write a name of the IANA list, as Europe/Berlin, or UTC",
    ),
    "text for a list": ("[10:00-14:00]", "§10:00-14:00", "write a list here, as in [a, b]"),
    "no interval": ("10:00-14:00", "§10-14", "'10-14' is no interval: write it as 09:00-18:00"),
    "over midnight": ("14:00-18:00", "§18:00-02:00", "18:00-02:00 goes over midnight: write 18:00"),
    "overlap": ("14:00-18:00", "§12:00-18:00", "12:00-18:00 begins before 09:00-13:00 ends: write"),
    "no hours": (
        "\n  mon: [09:00-13:00, 14:00-18:00]\n  sat: [10:00-14:00]",
        " §{}",
        "no weekday has hours: write some, as in mon: [09:00-18:00]",
    ),
    "no day": ("2026-01-01", "§01.01.2026", "'01.01.2026' is no day: write it as 2026-12-31, from"),
    "no such day": ("2026-01-01", "§2026-01-32", "'2026-01-32' is no day"),
    "no name": ("New Year", '§""', "write something here"),
    "nothing": (" New Year", "§", "nothing stands here: write a value"),
    "a list of days": (
        "\n  2026-12-25: Christmas Day\n  2026-01-01: New Year",
        " §[2026-12-25]",
        "write keys with values here, as in {key: value}",
    ),
    "a day twice": ("2026-01-01", "§2026-12-25", "the key '2026-12-25' is already in line 8"),
    "a closed special day": (
        "[09:00-12:00]",
        "§[]",
        "a special day has hours: write some, or put the day under holidays",
    ),
    "a special holiday": (
        "2026-12-24: [",
        "2026-12-25: §[",
        "2026-12-25 is a holiday and a special day: take one of them out",
    ),
    "two calendars": ("holidays:", "§---\nholidays:", "a second document begins here: put it into"),
}


@pytest.mark.parametrize(("old", "new", "problem"), SPOILED.values(), ids=SPOILED)
def test_a_problem_names_file_line_column_and_what_to_do(old: str, new: str, problem: str) -> None:
    text, place = spoil(GOOD, old, new)

    (found,) = problems(text)
    assert found.startswith(f"depot.yaml:{place}: {problem}"), found


def test_problems_are_told_together_in_the_order_of_the_file() -> None:
    text = GOOD.replace("zone:", "zonne:").replace("14:00-18:00", "2-6").replace("-25:", "-52:")

    assert [problem.split(": ", 1)[0] for problem in problems(text)] == [
        "depot.yaml:1:1",
        "depot.yaml:3:1",
        "depot.yaml:5:22",
        "depot.yaml:8:3",
    ]
