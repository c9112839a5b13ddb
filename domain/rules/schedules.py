"""The arithmetic of schedules: which of their hours have come, and which comes next. Pure.

An hour is what the clock on the wall of the calendar's zone shows. One that the clock skips comes
as much later as the clock is put forward; one that it shows twice comes the first time. Where no
calendar reaches there are none.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.paths.calendars import BEGINNING, END, MAX_DAYS, Calendar, within_reach
from domain.rules.triggers import Schedule

_DAY: Final = timedelta(days=1)
_LONGEST: Final = 7 * (MAX_DAYS + 1)  # days without a working one: each time that weekday a holiday


def latest_hour(
    schedule: Schedule, calendar: Calendar, *, after: datetime, until: datetime
) -> datetime | None:
    """Give the last hour that comes behind one moment and no later than another, UTC."""
    after, until = within_reach(after), within_reach(until)
    zone = ZoneInfo(calendar.zone)
    day, first = (moment.astimezone(zone).date() for moment in (until, after))
    for back in range(min((day - first).days, _LONGEST) + 1):
        hours = _hours_on(schedule, calendar, day - back * _DAY)
        if came := [hour for hour in hours if after < hour <= until]:
            return max(came)
    return None


def is_hour(schedule: Schedule, calendar: Calendar, moment: datetime) -> bool:
    """Whether a moment is one of its hours."""
    if not BEGINNING < moment < END:
        return False
    return latest_hour(schedule, calendar, after=moment - _DAY, until=moment) == moment


def next_hour(schedule: Schedule, calendar: Calendar, after: datetime) -> datetime | None:
    """Give the first hour behind a moment, UTC; None: the calendar has no more working days."""
    if after >= END:
        return None
    after = within_reach(after)
    day = after.astimezone(ZoneInfo(calendar.zone)).date()
    for ahead in range(_LONGEST + 1):
        hours = _hours_on(schedule, calendar, day + ahead * _DAY)
        if coming := [hour for hour in hours if hour > after]:
            return min(coming)
    return None


def _hours_on(schedule: Schedule, calendar: Calendar, day: date) -> Iterator[datetime]:
    if schedule.days == "working" and not calendar.hours_on(day):
        return
    zone = ZoneInfo(calendar.zone)
    for hour in schedule.at:
        yield datetime.combine(day, time.fromisoformat(hour), zone).astimezone(UTC)
