"""Hours of schedules: on the wall of the calendar's zone, on its working days or every day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paths.calendars import Calendar
from domain.rules.schedules import is_hour, latest_hour, next_hour
from domain.rules.triggers import Schedule

WEEK = {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def calendar(zone: str = "Europe/Berlin", **more: object) -> Calendar:
    return Calendar.model_validate({"calendar": "shop", "zone": zone, "hours": WEEK, **more})


def schedule(*at: str, days: str = "working") -> Schedule:
    return Schedule.model_validate({"at": at, "days": days})


def hours(of: Schedule, by: Calendar, start: datetime, end: datetime) -> list[datetime]:
    """List all hours behind a moment and no later than another."""
    found = []
    while (start := next_hour(of, by, start) or end + DAY) <= end:
        found.append(start)
    return found


def test_p31_hours_are_what_the_clock_on_the_wall_shows() -> None:
    found = hours(schedule("10:00", "14:30"), calendar(), MONDAY, MONDAY + DAY)
    assert [f"{hour:%d %H:%M}" for hour in found] == ["02 09:00", "02 13:30"]


def test_p31_days_without_working_hours_have_no_hours_unless_every_day_has() -> None:
    by = calendar(
        holidays={"2026-03-03": "Day of rest"}, special_days={"2026-03-07": ["10:00-12:00"]}
    )
    week = MONDAY - timedelta(hours=1), MONDAY + 6 * DAY
    assert [f"{h:%a}" for h in hours(schedule("10:00"), by, *week)] == [
        "Mon", "Wed", "Thu", "Fri", "Sat",
    ]  # fmt: skip
    assert len(hours(schedule("10:00", days="every"), by, *week)) == 6


def test_p31_an_hour_that_the_clock_skips_comes_as_much_later() -> None:
    """On 29 March 2026 the clock in Berlin goes from 02:00 to 03:00."""
    night = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    (hour,) = hours(schedule("02:30", days="every"), calendar(), *night)
    assert hour.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") == "03:30"
    assert hours(schedule("02:30", "03:30", days="every"), calendar(), *night) == [hour]


def test_p31_an_hour_that_the_clock_shows_twice_comes_the_first_time_only() -> None:
    """On 25 October 2026 the clock in Berlin goes from 03:00 back to 02:00."""
    night = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert hours(schedule("02:30", days="every"), calendar(), *night) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    ]


def test_a_calendar_without_any_more_working_days_has_no_next_hour() -> None:
    sundays = (datetime(2026, 3, 8, tzinfo=UTC) + 7 * DAY * n for n in range(1_000))
    closed = {f"{sunday:%Y-%m-%d}": "Closed" for sunday in sundays}
    by = calendar("UTC", hours={"sun": ["09:00-10:00"]}, holidays=closed)
    assert next_hour(schedule("09:30"), by, MONDAY) == datetime(2045, 5, 7, 9, 30, tzinfo=UTC)
    assert latest_hour(schedule("09:30"), by, after=MONDAY, until=MONDAY + 6_000 * DAY) is None


MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - st adds the zone
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
WALL = st.from_regex(r"([01][0-9]|2[0-3]):[0-5][0-9]", fullmatch=True)


@given(
    at=st.lists(WALL, min_size=1, max_size=4),
    zone=ZONES,
    start=MOMENTS,
    length=st.timedeltas(timedelta(), timedelta(days=10)),
    days=st.sampled_from(["working", "every"]),
)
def test_the_latest_hour_is_the_last_of_all_that_come(
    at: list[str], zone: str, start: datetime, length: timedelta, days: str
) -> None:
    of, by, end = schedule(*at, days=days), calendar(zone), start + length
    found = hours(of, by, start, end)

    assert latest_hour(of, by, after=start, until=end) == (found[-1] if found else None)
    assert all(one < other for one, other in pairwise([start, *found]))
    if days == "every":
        assert len(found) >= (length.days - 1) * len(set(at)) - 1


@pytest.mark.parametrize("hour", ["24:00", "9:00", "09:60"])
def test_what_is_no_hour_is_none(hour: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        schedule(hour)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_where_no_calendar_reaches_there_are_no_hours(zone: str) -> None:
    first, last = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2200))
    ancient, far = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    by, of = calendar(zone), schedule("10:00")

    assert next_hour(of, by, ancient) == next_hour(of, by, first)
    assert next_hour(of, by, far) is None
    assert latest_hour(of, by, after=ancient, until=far) == latest_hour(
        of, by, after=last - 9 * DAY, until=last - timedelta(microseconds=1)
    )
    assert latest_hour(of, by, after=ancient, until=first - DAY) is None
    assert not is_hour(of, by, ancient)
    assert not is_hour(of, by, far)
