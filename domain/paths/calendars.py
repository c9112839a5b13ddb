"""Calendars: when a shop works, and the arithmetic of its working time. Pure and bounded.

Source: the YAML language of docs/calendars.md; infra reads the file, `Calendar` checks it.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Final, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from domain.messages import Code, Name, Shape
from domain.paths.definition import Definition, Title
from domain.paths.hours import FIRST_YEAR, LAST_YEAR, Day, Hours, minutes_of, misplaced
from domain.paths.working_year import Minutes, WorkingYear, working_year
from domain.refusals import OrderpathError

MAX_DAYS = 1_000  # holidays, and as many special days
MAX_AHEAD = timedelta(days=7_305)  # 20 years

_ZONE: Final = re.compile(r"UTC|[A-Z][\w+-]*(?:/[\w+-]+)+", re.ASCII)
BEGINNING, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (FIRST_YEAR, LAST_YEAR + 1))
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)  # a day before the last, for zones ahead of UTC
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Value = TypeVar("Value")


class BeyondCalendar(OrderpathError):
    """So much working time does not come: more than 20 years ahead, or behind the last year."""


class Week(Shape):
    """The working hours of each weekday; none: the shop is closed."""

    mon: Hours = ()
    tue: Hours = ()
    wed: Hours = ()
    thu: Hours = ()
    fri: Hours = ()
    sat: Hours = ()
    sun: Hours = ()

    @model_validator(mode="after")
    def _some_day_is_worked(self) -> Self:
        if not any(self.days):
            raise ValueError("no weekday has hours: write some, as in mon: [09:00-18:00]")
        return self

    @cached_property
    def days(self) -> tuple[tuple[Minutes, ...], ...]:
        """The hours from Monday to Sunday."""
        week = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
        return tuple(tuple(map(minutes_of, hours)) for hours in week)

    @property
    def minutes(self) -> int:
        """The working time of a week without holidays."""
        return sum(closes - opens for hours in self.days for opens, closes in hours)


def _known_zone(name: str) -> str:
    try:
        if not _ZONE.fullmatch(name):
            raise ValueError
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        advice = "write a name of the IANA list, as Europe/Berlin, or UTC"
        raise ValueError(f"there is no time zone {name[:64]!r}: {advice}") from None
    return name


def _some_hours(hours: Hours) -> Hours:
    if not hours:
        raise ValueError("a special day has hours: write some, or put the day under holidays")
    return hours


def _sorted(days: dict[date, Value]) -> dict[date, Value]:
    return dict(sorted(days.items()))


Zone = Annotated[str, AfterValidator(_known_zone)]
Holidays = Annotated[dict[Day, Name], Field(max_length=MAX_DAYS), AfterValidator(_sorted)]
SpecialDays = Annotated[
    dict[Day, Annotated[Hours, AfterValidator(_some_hours)]],
    Field(max_length=MAX_DAYS),
    AfterValidator(_sorted),
]


class Calendar(Definition):
    """When a shop works. Hours are what the clock on the wall of its zone shows."""

    calendar: Code
    title: Title = Field(default_factory=dict)
    zone: Zone
    hours: Week
    holidays: Holidays = Field(default_factory=dict)  # closed, whatever the weekday
    special_days: SpecialDays = Field(default_factory=dict)  # other hours than the weekday's

    @field_validator("special_days")
    @classmethod
    def _no_day_is_both(cls, days: SpecialDays, info: ValidationInfo) -> SpecialDays:
        for day in days:
            if day in info.data.get("holidays", ()):
                advice = "take one of them out"
                raise misplaced(str(day), f"{day} is a holiday and a special day: {advice}")
        return days

    def hours_on(self, day: date) -> tuple[Minutes, ...]:
        """Give the working hours of a day, in minutes since its midnight."""
        if (special := self.special_days.get(day)) is not None:
            return tuple(map(minutes_of, special))
        return () if day in self.holidays else self.hours.days[day.weekday()]

    def year(self, number: int) -> WorkingYear:
        """Give the working time of a year, UTC. Made once, because that takes milliseconds."""
        if number not in self._years:
            self._years[number] = working_year(number, ZoneInfo(self.zone), self.hours_on)
        return self._years[number]

    @cached_property
    def _years(self) -> dict[int, WorkingYear]:
        return {}


def working_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Give the working time between two moments, negative if the end comes first. Outside of the
    years 1970 to 2199 nobody works.
    """
    start, end = within_reach(start), within_reach(end)
    if end < start:
        return -working_time(calendar, end, start)
    whole = sum(calendar.year(number).total for number in range(start.year, end.year))
    until = calendar.year(end.year).worked_until(_microseconds(end))
    since = calendar.year(start.year).worked_until(_microseconds(start))
    return timedelta(microseconds=whole + until - since)


def after(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """Give the first moment, UTC, when so much working time has passed since the start, where one
    before 1970 counts as the beginning of that year.

    Raises: BeyondCalendar if it is more than 20 years ahead, or behind 2199;
            ValueError if the amount is negative
    """
    if amount < timedelta():
        raise ValueError(f"{amount} of working time cannot pass: write 0 or more")
    if not amount:
        return start.astimezone(UTC)
    if start >= END:
        raise BeyondCalendar(f"calendars reach from {FIRST_YEAR} to {LAST_YEAR}, not to {start}")
    start = within_reach(start)
    latest = start + MAX_AHEAD
    wanted = calendar.year(start.year).worked_until(_microseconds(start)) + amount // _MICROSECOND
    for number in range(start.year, min(latest.year, LAST_YEAR) + 1):
        year = calendar.year(number)
        if wanted <= year.total:
            moment = _EPOCH + timedelta(microseconds=year.moment_of(wanted))
            if moment <= latest:
                return moment
            break
        wanted -= year.total
    raise BeyondCalendar(
        f"{amount} of working time of the calendar {calendar.calendar} have not passed 20 years "
        "later: take less, or give the calendar more hours"
    )


def opening(calendar: Calendar, moment: datetime) -> datetime:
    """Give the moment itself within working hours, else when the next ones begin, UTC: before 1970
    the first ones that there are, behind 2199 NEVER.
    """
    try:
        return after(calendar, moment, _MICROSECOND) - _MICROSECOND
    except BeyondCalendar:
        return NEVER


def within_reach(moment: datetime) -> datetime:
    """Give a moment, or the nearest that calendars reach, UTC."""
    return min(max(moment, BEGINNING), END - _MICROSECOND).astimezone(UTC)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
