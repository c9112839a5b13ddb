"""Hours and days as people write them: `09:00-18:00`, `2026-12-31`. Used by calendars."""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.paths.working_year import Minutes

FIRST_YEAR, LAST_YEAR = 1970, 2199
MAX_INTERVALS = 10  # a day

_INTERVAL = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def minutes_of(interval: str) -> Minutes:
    """Give when an interval begins and ends, in minutes since midnight."""
    opens, closes = (60 * int(time[:2]) + int(time[3:]) for time in interval.split("-"))
    return opens, closes


def misplaced(place: int | str, message: str) -> ValidationError:
    """Give an error about one place within the list or the keys that are being checked."""
    words = PydanticCustomError("misplaced", "{message}", {"message": message})
    error = InitErrorDetails(type=words, loc=(place,), input=place)
    return ValidationError.from_exception_data("Hours", [error])


def _checked(interval: str) -> str:
    if not _INTERVAL.fullmatch(interval):
        raise ValueError(f"{interval[:20]!r} is no interval: write it as 09:00-18:00, up to 24:00")
    opens, closes = minutes_of(interval)
    if closes <= opens:
        morning = f", and 00:00-{interval[6:]} on the next day" if closes else ""
        raise ValueError(f"{interval} goes over midnight: write {interval[:5]}-24:00{morning}")
    return interval


def _in_order(intervals: tuple[str, ...]) -> tuple[str, ...]:
    for number, (before, after) in enumerate(pairwise(intervals), 1):
        if minutes_of(after)[0] < minutes_of(before)[1]:
            advice = "write the hours of a day in their order, none of them twice"
            raise misplaced(number, f"{after} begins before {before} ends: {advice}")
    return intervals


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        advice = f"write it as 2026-12-31, from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(f"{text[:20]!r} is no day: {advice}")
    return day


Interval = Annotated[str, AfterValidator(_checked)]
Hours = Annotated[tuple[Interval, ...], Field(max_length=MAX_INTERVALS), AfterValidator(_in_order)]
Day = Annotated[date, BeforeValidator(_day)]
