"""Calendars: what is taken for one, and working time to the microsecond."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from domain.paths.calendars import (
    MAX_AHEAD,
    MAX_DAYS,
    NEVER,
    BeyondCalendar,
    Calendar,
    after,
    opening,
    working_time,
)
from domain.paths.hours import MAX_INTERVALS

BERLIN: Final = ZoneInfo("Europe/Berlin")
DAY: Final = ["09:00-13:00", "14:00-18:00"]
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
SHOP: Final = {
    "calendar": "shop",
    "zone": "Europe/Berlin",
    "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), DAY),
    "holidays": {"2026-05-01": "Labour Day"},
    "special_days": {"2026-04-30": ["09:00-12:00"], "2026-05-02": ["10:00-14:00"]},
}


def calendar(**changes: Any) -> Calendar:
    return Calendar.model_validate(SHOP | changes)


def every_day(*hours: str, zone: str = "Europe/Berlin") -> Calendar:
    week = {day: list(hours) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return Calendar.model_validate({"calendar": "daily", "zone": zone, "hours": week})


def at(day: int, hour: int, minute: int = 0, *, month: int = 4) -> datetime:
    """Give a moment of 2026 in Berlin; the 27th of April is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        (at(27, 9), 10 * MINUTE, at(27, 9, 10)),
        (at(27, 12, 55), 10 * MINUTE, at(27, 14, 5)),
        (at(27, 17, 55), 10 * MINUTE, at(28, 9, 5)),
        (at(27, 7), 10 * MINUTE, at(27, 9, 10)),
        (at(27, 13, 30), 10 * MINUTE, at(27, 14, 10)),
        (at(27, 23), 10 * MINUTE, at(28, 9, 10)),
        (at(25, 12), 10 * MINUTE, at(27, 9, 10)),
        (at(30, 11, 55), 10 * MINUTE, at(2, 10, 5, month=5)),
        (at(1, 12, month=5), 10 * MINUTE, at(2, 10, 10, month=5)),
        (at(2, 13, 55, month=5), 10 * MINUTE, at(4, 9, 5, month=5)),
        (at(27, 9), 40 * HOUR, at(5, 10, month=5)),
    ],
    ids=[
        "from the first minute on",
        "over the break",
        "over night",
        "from before hours",
        "from within the break",
        "from after hours",
        "from the weekend",
        "over a short day and a holiday",
        "from a holiday",
        "over a Saturday that is worked",
        "a week",
    ],
)
def test_working_time_passes_in_working_hours_only(
    start: datetime, amount: timedelta, end: datetime
) -> None:
    assert after(calendar(), start, amount) == end
    assert working_time(calendar(), start, end) == amount


def test_what_ends_with_the_hours_ends_then_and_not_when_they_begin_again() -> None:
    assert after(calendar(), at(27, 9), 4 * HOUR) == at(27, 13)
    assert after(calendar(), at(27, 9), 8 * HOUR) == at(27, 18)
    assert after(calendar(), at(24, 9), 8 * HOUR) == at(24, 18)


def test_it_is_exact_to_the_microsecond() -> None:
    tick = timedelta(microseconds=1)

    assert after(calendar(), at(27, 13) - tick, 2 * tick) == at(27, 14) + tick
    assert working_time(calendar(), at(27, 13) - tick, at(27, 14) + tick) == 2 * tick


def test_the_last_moment_of_working_hours_is_within_them() -> None:
    second, tick = timedelta(seconds=1), timedelta(microseconds=1)
    for moment in (at(27, 13) - second, at(27, 13) - 4 * second / 5, at(27, 13) - tick):
        assert opening(calendar(), moment) == moment

    assert opening(calendar(), at(27, 13)) == at(27, 14)
    assert opening(calendar(), at(27, 14)) == at(27, 14)


def test_no_time_at_all_passes_at_once_even_on_a_holiday() -> None:
    assert after(calendar(), at(1, 12, month=5), timedelta()) == at(1, 12, month=5)
    assert working_time(calendar(), at(27, 10), at(27, 10)) == timedelta()


def test_a_moment_is_answered_in_utc() -> None:
    answers = [after(calendar(), at(27, 10), amount) for amount in (timedelta(), HOUR)]

    assert [answer.tzinfo for answer in answers] == [UTC, UTC]


def test_an_end_before_its_start_is_negative() -> None:
    assert working_time(calendar(), at(27, 10), at(27, 9)) == -HOUR


@pytest.mark.parametrize(
    ("hours", "march", "october"),
    [
        ("00:00-24:00", 23, 25),
        ("00:00-06:00", 5, 7),
        ("02:00-03:00", 0, 2),
        ("01:30-02:30", 0.5, 1.5),
        ("09:00-18:00", 9, 9),
    ],
)
def test_on_the_day_of_the_change_hours_last_as_long_as_the_wall_clock_shows_them(
    hours: str, march: float, october: float
) -> None:
    daily = every_day(hours)
    spring, autumn = at(29, 0, month=3), at(25, 0, month=10)

    assert working_time(daily, spring, at(30, 0, month=3)) == march * HOUR
    assert working_time(daily, autumn, at(26, 0, month=10)) == october * HOUR


def test_hours_within_an_hour_that_is_shown_twice_are_worked_twice() -> None:
    """The wall clock shows 01:30 to 02:59, then 02:00 again."""
    daily, start = every_day("01:30-02:30"), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)

    ends = [after(daily, start, minutes * MINUTE) - start for minutes in (60, 61, 90, 91)]

    assert ends == [HOUR, 91 * MINUTE, 2 * HOUR, 25 * HOUR + MINUTE]


def test_a_start_in_an_hour_that_is_shown_twice_is_the_moment_that_it_is() -> None:
    early, late = (at(25, 2, 15, month=10).replace(fold=fold) for fold in (0, 1))
    daily = every_day("00:00-24:00")

    assert working_time(daily, early, late) == HOUR
    assert working_time(daily, late, early) == -HOUR
    assert after(daily, early, HOUR) == late.astimezone(UTC)


def test_a_day_that_a_country_left_out_is_not_worked() -> None:
    samoa = every_day("09:00-17:00", zone="Pacific/Apia")
    start = datetime(2011, 12, 29, 9, tzinfo=ZoneInfo("Pacific/Apia"))
    end = datetime(2011, 12, 31, 17, tzinfo=ZoneInfo("Pacific/Apia"))

    assert working_time(samoa, start, end) == 16 * HOUR
    assert after(samoa, start, 16 * HOUR) == end


def test_a_change_in_the_last_hours_of_a_year_counts() -> None:
    """The clocks of Bangladesh went back by an hour at the midnight that ended 2009."""
    daily, dhaka = every_day("23:00-24:00", zone="Asia/Dhaka"), ZoneInfo("Asia/Dhaka")
    start, end = (datetime(2009, 12, 31, hour, tzinfo=dhaka) for hour in (12, 23))

    assert working_time(daily, start, end + timedelta(days=1)) == 2 * HOUR
    assert after(daily, start, 2 * HOUR) == datetime(2009, 12, 31, 18, tzinfo=UTC)


def test_time_passes_through_years() -> None:
    daily = every_day("00:00-24:00", zone="Asia/Kolkata")
    start = datetime(2023, 12, 31, 12, tzinfo=UTC)

    assert after(daily, start, timedelta(days=1_000)) == start + timedelta(days=1_000)
    assert working_time(daily, start, start + timedelta(days=1_000)) == timedelta(days=1_000)


def test_nothing_is_more_than_20_years_ahead() -> None:
    daily, start = every_day("00:00-24:00", zone="UTC"), at(27, 9)

    assert after(daily, start, MAX_AHEAD) == start.astimezone(UTC) + MAX_AHEAD
    with pytest.raises(BeyondCalendar, match="calendar daily have not passed 20 years later"):
        after(daily, start, MAX_AHEAD + timedelta(microseconds=1))
    with pytest.raises(BeyondCalendar, match="take less, or give the calendar more hours"):
        after(every_day("09:00-09:01"), start, timedelta(days=6))


@pytest.mark.parametrize("year", [1, 1969])
def test_before_the_years_of_calendars_nobody_works(year: int) -> None:
    moment, first = datetime(year, 7, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)

    assert opening(calendar(), moment) == opening(calendar(), first)
    assert after(calendar(), moment, HOUR) == after(calendar(), first, HOUR)
    assert working_time(calendar(), moment, at(27, 9)) == working_time(calendar(), first, at(27, 9))
    assert working_time(calendar(), moment, first) == timedelta()


@pytest.mark.parametrize("year", [2200, 9999])
def test_behind_the_years_of_calendars_nobody_works_any_more(year: int) -> None:
    moment, end = datetime(year, 7, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

    assert opening(calendar(), moment) == NEVER
    assert working_time(calendar(), at(27, 9), moment) == working_time(calendar(), at(27, 9), end)
    assert working_time(calendar(), end, moment) == timedelta()
    with pytest.raises(BeyondCalendar, match="calendars reach from 1970 to 2199, not to"):
        after(calendar(), moment, HOUR)


def test_the_last_years_end_with_the_calendars() -> None:
    end = datetime(2200, 1, 1, tzinfo=UTC)
    start = end - timedelta(days=30)
    daily = every_day("00:00-24:00", zone="UTC")

    assert after(daily, start, timedelta(days=29)) == end - timedelta(days=1)
    with pytest.raises(BeyondCalendar):
        after(daily, start, timedelta(days=31))


def test_a_moment_without_an_offset_and_time_that_goes_back_are_refused() -> None:
    naive = at(27, 9).replace(tzinfo=None)

    with pytest.raises(TypeError, match="naive"):
        after(calendar(), naive, HOUR)
    with pytest.raises(TypeError, match="naive"):
        working_time(calendar(), at(27, 9), naive)
    with pytest.raises(ValueError, match="cannot pass: write 0 or more"):
        after(calendar(), at(27, 9), -HOUR)


BAD: Final = {
    "no hours at all": ({"hours": {}}, ("hours",), "no weekday has hours"),
    "closed all week": ({"hours": {"mon": []}}, ("hours",), "write some, as in mon: [09:00-18:00]"),
    "over midnight": (
        {"hours": {"mon": ["22:00-06:00"]}},
        ("hours", "mon", 0),
        "22:00-06:00 goes over midnight: write 22:00-24:00, and 00:00-06:00 on the next day",
    ),
    "to midnight": (
        {"hours": {"mon": ["22:00-00:00"]}},
        ("hours", "mon", 0),
        "22:00-00:00 goes over midnight: write 22:00-24:00",
    ),
    "no length": ({"hours": {"mon": ["09:00-09:00"]}}, ("hours", "mon", 0), "goes over midnight"),
    "too late": ({"hours": {"mon": ["09:00-24:30"]}}, ("hours", "mon", 0), "is no interval"),
    "in short": (
        {"hours": {"mon": ["9-18"]}},
        ("hours", "mon", 0),
        "'9-18' is no interval: write it as 09:00-18:00, up to 24:00",
    ),
    "other digits": ({"hours": {"mon": ["0٩:00-18:00"]}}, ("hours", "mon", 0), "is no interval"),
    "overlap": (
        {"hours": {"mon": ["09:00-14:00", "13:00-18:00"]}},
        ("hours", "mon", 1),
        "13:00-18:00 begins before 09:00-14:00 ends: write the hours of a day in their order",
    ),
    "out of order": ({"hours": {"mon": DAY[::-1]}}, ("hours", "mon", 1), "begins before"),
    "too many": (
        {"hours": {"mon": [f"{n:02}:00-{n:02}:30" for n in range(MAX_INTERVALS + 1)]}},
        ("hours", "mon"),
        "at most 10 items",
    ),
    "unknown zone": (
        {"zone": "Europe/Brelin"},
        ("zone",),
        "there is no time zone 'Europe/Brelin': write a name of the IANA list, as Europe/Berlin",
    ),
    "zone of the machine": ({"zone": "localtime"}, ("zone",), "there is no time zone"),
    "zone elsewhere": ({"zone": "../etc/localtime"}, ("zone",), "there is no time zone"),
    "folder of zones": ({"zone": "America/Argentina"}, ("zone",), "there is no time zone"),
    "no day": (
        {"holidays": {"31.12.2026": "End"}},
        ("holidays", "31.12.2026", "[key]"),
        "'31.12.2026' is no day: write it as 2026-12-31, from 1970 to 2199",
    ),
    "no such day": (
        {"holidays": {"2026-02-29": "Leap"}},
        ("holidays", "2026-02-29", "[key]"),
        "'2026-02-29' is no day",
    ),
    "another form": (
        {"holidays": {"20260501": "May"}},
        ("holidays", "20260501", "[key]"),
        "no day",
    ),
    "too far": ({"holidays": {"2200-01-01": "New"}}, ("holidays", "2200-01-01", "[key]"), "no day"),
    "special without hours": (
        {"special_days": {"2026-05-02": []}},
        ("special_days", "2026-05-02"),
        "a special day has hours: write some, or put the day under holidays",
    ),
    "twice": (
        {"special_days": {"2026-05-01": DAY}},
        ("special_days", "2026-05-01"),
        "2026-05-01 is a holiday and a special day: take one of them out",
    ),
    "too many holidays": (
        {"holidays": {str(date(2030, 1, 1) + timedelta(n)): "x" for n in range(MAX_DAYS + 1)}},
        ("holidays",),
        "at most 1000 items",
    ),
    "too many special days": (
        {"special_days": {str(date(2030, 1, 1) + timedelta(n)): DAY for n in range(MAX_DAYS + 1)}},
        ("special_days",),
        "at most 1000 items",
    ),
}


@pytest.mark.parametrize(("changes", "place", "says"), BAD.values(), ids=BAD)
def test_what_is_no_calendar_is_refused_at_its_place(
    changes: dict[str, Any], place: tuple[str | int, ...], says: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        calendar(**changes)

    (error,) = caught.value.errors()
    assert (error["loc"], says in error["msg"]) == (place, True), error


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+5", "America/Port-au-Prince", "Asia/Kolkata"])
def test_every_zone_of_the_list_is_taken(zone: str) -> None:
    assert calendar(zone=zone).zone == zone


def test_a_calendar_survives_json() -> None:
    again = Calendar.model_validate_json(calendar().model_dump_json())

    assert again == calendar()
    assert again.content_hash == calendar().content_hash


def test_equal_calendars_have_equal_hashes_however_their_days_are_sorted() -> None:
    days = {"2026-12-25": "Christmas", "2026-01-01": "New Year"}
    one, other = calendar(holidays=days), calendar(holidays=dict(reversed(days.items())))

    assert one.content_hash == other.content_hash
    assert one.content_hash != calendar().content_hash
