"""Working time: the laws it keeps, and a slow reference that looks at every minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paths.calendars import (
    MAX_AHEAD,
    BeyondCalendar,
    Calendar,
    after,
    opening,
    working_time,
)

# When each zone put its clocks forward or back, UTC.
CHANGES: Final = {
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),  # by half an hour
    "America/Sao_Paulo": ("2017-10-15T03:00", "2018-02-18T02:00"),  # at midnight
    "Europe/Moscow": ("2010-10-30T23:00", "2011-03-26T23:00", "2014-10-25T22:00"),
    "Pacific/Apia": ("2011-12-30T10:00",),  # by a whole day
    "Asia/Dhaka": ("2009-12-31T17:00",),  # on the last day of a year
}
UNCHANGED: Final = ("Asia/Kolkata", "UTC")
NEW_YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

nearby = st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=2))
lengths = st.one_of(
    st.just(timedelta()),
    st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=50)),
    st.integers(0, 50).map(lambda hours: timedelta(hours=hours)),
)
amounts = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400))
spans = st.timedeltas(min_value=timedelta(days=-800), max_value=timedelta(days=800))


@st.composite
def hours(draw: st.DrawFn, least: int = 0) -> list[str]:
    """Give the hours of a day, sometimes all of it, with intervals that may touch."""
    if draw(st.integers(0, 5)) == 0:
        return ["00:00-24:00"]
    marks = sorted(draw(st.sets(st.integers(0, 24 * 60), min_size=2 * least, max_size=6)))
    touching = draw(st.booleans())
    pairs = pairwise(marks) if touching else zip(marks[::2], marks[1::2], strict=False)
    return [f"{clock(opens)}-{clock(closes)}" for opens, closes in pairs]


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """Give a calendar, and a moment near a change of its zone, a holiday or the end of a year."""
    zone = draw(st.sampled_from([*CHANGES, *UNCHANGED]))
    changes = [datetime.fromisoformat(f"{text}+00:00") for text in CHANGES.get(zone, ())]
    moment = draw(st.sampled_from([*changes, NEW_YEAR])) + draw(nearby)
    near = st.integers(-3, 5).map(lambda days: moment.date() + timedelta(days=days))
    holidays = draw(st.sets(near, max_size=2))
    special = draw(
        st.dictionaries(near.filter(lambda day: day not in holidays), hours(1), max_size=2)
    )
    week = {day: draw(hours()) for day in WEEKDAYS}
    if not any(week.values()):
        week["wed"] = draw(hours(1))
    body = {
        "calendar": "shop",
        "zone": zone,
        "hours": week,
        "holidays": {str(day): "Holiday" for day in holidays},
        "special_days": {str(day): written for day, written in special.items()},
    }
    return Calendar.model_validate(body), moment


def is_worked(calendar: Calendar, moment: datetime) -> bool:
    """Look at the clock on the wall, and then at the calendar beside it."""
    local = moment.astimezone(ZoneInfo(calendar.zone))
    day, now = local.date(), clock(60 * local.hour + local.minute)
    if day in calendar.special_days:
        today = calendar.special_days[day]
    elif day in calendar.holidays:
        today = ()
    else:
        today = getattr(calendar.hours, WEEKDAYS[day.weekday()])
    return any(opens <= now < closes for opens, _, closes in (one.partition("-") for one in today))


def slow_working_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    total, minute = timedelta(), start.replace(second=0, microsecond=0)
    while minute < end:
        if is_worked(calendar, minute):
            total += min(end, minute + MINUTE) - max(start, minute)
        minute += MINUTE
    return total


def slow_after(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    moment, left = start, amount
    while left:
        minute = moment.replace(second=0, microsecond=0)
        rest = minute + MINUTE - moment
        if is_worked(calendar, minute):
            if left <= rest:
                return moment + left
            left -= rest
        moment += rest
    return moment


def slow_opening(calendar: Calendar, moment: datetime) -> datetime:
    while not is_worked(calendar, moment):
        moment = moment.replace(second=0, microsecond=0) + MINUTE
    return moment


@given(scenes(), lengths)
def test_working_time_is_what_somebody_counts_who_looks_at_every_minute(
    scene: tuple[Calendar, datetime], length: timedelta
) -> None:
    calendar, start = scene

    counted = slow_working_time(calendar, start, start + length)

    assert working_time(calendar, start, start + length) == counted


@given(scenes(), lengths, st.integers(0, 1_000_000))
def test_time_ends_when_somebody_says_so_who_looks_at_every_minute(
    scene: tuple[Calendar, datetime], length: timedelta, millionths: int
) -> None:
    calendar, start = scene
    amount = working_time(calendar, start, start + length) * millionths / 1_000_000

    assert after(calendar, start, amount) == slow_after(calendar, start, amount)


@given(scenes())
def test_a_moment_within_hours_is_itself_and_any_other_waits_for_the_next_ones(
    scene: tuple[Calendar, datetime],
) -> None:
    calendar, moment = scene

    assert opening(calendar, moment) == slow_opening(calendar, moment)


@given(scenes(), amounts)
def test_after_so_much_time_just_so_much_has_passed(
    scene: tuple[Calendar, datetime], amount: timedelta
) -> None:
    calendar, start = scene
    tick = timedelta(microseconds=1)
    try:
        end = after(calendar, start, amount)
    except BeyondCalendar:
        assert working_time(calendar, start, start + MAX_AHEAD) < amount
        return

    assert working_time(calendar, start, end) == amount
    if amount:
        assert working_time(calendar, start, end - tick) == amount - tick


@given(scenes(), amounts, amounts)
def test_time_in_two_parts_ends_when_all_of_it_does(
    scene: tuple[Calendar, datetime], first: timedelta, second: timedelta
) -> None:
    calendar, start = scene
    try:
        end = after(calendar, start, first + second)
    except BeyondCalendar:
        return

    assert after(calendar, after(calendar, start, first), second) == end


@given(scenes(), amounts, amounts)
def test_more_time_never_ends_earlier(
    scene: tuple[Calendar, datetime], first: timedelta, second: timedelta
) -> None:
    calendar, start = scene
    less, more = sorted([first, second])
    try:
        end = after(calendar, start, more)
    except BeyondCalendar:
        return

    assert start <= after(calendar, start, less) <= end


@given(scenes(), spans, spans)
def test_working_time_adds_up_over_any_split(
    scene: tuple[Calendar, datetime], first: timedelta, second: timedelta
) -> None:
    calendar, one = scene
    two, three = one + first, one + second

    parts = working_time(calendar, one, two) + working_time(calendar, two, three)

    assert parts == working_time(calendar, one, three)


@given(scenes(), spans)
def test_working_time_is_never_negative_nor_longer_than_time(
    scene: tuple[Calendar, datetime], span: timedelta
) -> None:
    calendar, start = scene

    assert timedelta() <= working_time(calendar, start, start + abs(span)) <= abs(span)


@given(
    st.sampled_from([*CHANGES, *UNCHANGED, "Africa/Casablanca", "America/St_Johns"]),
    st.datetimes(datetime(1970, 1, 1), datetime(2195, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    spans.map(abs),
)
def test_who_never_closes_works_all_the_time_in_every_zone(
    zone: str, start: datetime, span: timedelta
) -> None:
    week = {day: ["00:00-24:00"] for day in WEEKDAYS}
    calendar = Calendar.model_validate({"calendar": "shop", "zone": zone, "hours": week})

    assert working_time(calendar, start, start + span) == span
    assert after(calendar, start, span) == start + span


@pytest.mark.parametrize(
    ("zone", "change"), [(zone, change) for zone in CHANGES for change in CHANGES[zone]]
)
def test_the_changes_that_these_laws_look_at_have_been(zone: str, change: str) -> None:
    moment = datetime.fromisoformat(f"{change}+00:00")
    before, then = (
        when.astimezone(ZoneInfo(zone)).utcoffset()
        for when in (moment - timedelta(seconds=1), moment)
    )

    assert before != then


def test_the_reference_itself_knows_a_day() -> None:
    calendar = Calendar.model_validate(
        {"calendar": "shop", "zone": "UTC", "hours": {"fri": ["09:00-18:00"]}}
    )
    friday = datetime(2026, 5, 1, tzinfo=UTC)

    assert date(2026, 5, 1).weekday() == 4
    assert slow_working_time(calendar, friday, friday + timedelta(days=3)) == timedelta(hours=9)
    assert slow_after(calendar, friday, timedelta(hours=1)) == friday + timedelta(hours=10)
