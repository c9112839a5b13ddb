"""One year of a calendar as real time: the stretches that are worked. Used by calendars.

Moments are whole microseconds since 1970, UTC, and so are amounts of working time.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Minutes = tuple[int, int]  # from and to, on the wall clock, since the midnight of the day

_MICROSECONDS = 1_000_000  # in a second
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class WorkingYear:
    """The working time of one year, UTC, ready to be looked up."""

    starts: "array[int]"  # of the stretches, in order; none overlaps another
    passed: "array[int]"  # working time of the year before each stretch, and at last in all

    @property
    def total(self) -> int:
        return self.passed[-1]

    def worked_until(self, moment: int) -> int:
        """Give the working time from the beginning of the year to a moment of it."""
        stretch = bisect_right(self.starts, moment) - 1
        if stretch < 0:
            return 0
        since = self.passed[stretch] + moment - self.starts[stretch]
        return min(since, self.passed[stretch + 1])

    def moment_of(self, worked: int) -> int:
        """Give the first moment when so much has passed: more than 0, at most the total."""
        stretch = bisect_left(self.passed, worked) - 1
        return self.starts[stretch] + worked - self.passed[stretch]


def working_year(
    year: int, zone: ZoneInfo, hours_on: Callable[[date], Sequence[Minutes]]
) -> WorkingYear:
    """Work out a year, UTC, from the hours of each day as the wall clock of a zone shows them.

    A moment is worked if the clock shows working hours then. So an hour that the clock skips
    is not worked, and one that it shows twice is worked twice.
    """
    starts, passed = array("q"), array("q", [0])
    for begin, end, offset in _stretches(year, zone):
        for day, midnight in _days(begin, end, offset):
            for opens, closes in hours_on(day):
                start = max(begin, midnight + opens * 60)
                stop = min(end, midnight + closes * 60)
                if start < stop:
                    starts.append(start * _MICROSECONDS)
                    passed.append(passed[-1] + (stop - start) * _MICROSECONDS)
    return WorkingYear(starts, passed)


def _stretches(year: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """Give the parts of a year with one offset from UTC each; all in seconds since 1970.

    One look a day is enough: no zone has changed twice within six days since 1970.
    """
    begin, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + 1))
    offset = _offset(zone, begin)
    for day in range(begin + _DAY_SECONDS, end + 1, _DAY_SECONDS):
        if (after := _offset(zone, day)) != offset:
            change = _change(zone, day - _DAY_SECONDS, offset)
            yield begin, change, offset
            begin, offset = change, after
    yield begin, end, offset


def _change(zone: ZoneInfo, day: int, offset: int) -> int:
    """Give the first second of a day that has another offset."""
    seconds = range(day, day + _DAY_SECONDS)
    return day + bisect_left(seconds, True, key=lambda second: _offset(zone, second) != offset)


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None  # A ZoneInfo always knows it.
    return int(offset.total_seconds())


def _days(begin: int, end: int, offset: int) -> Iterator[tuple[date, int]]:
    """Give each day that the wall clock shows between two moments, with its midnight."""
    first, last = ((second + offset) // _DAY_SECONDS for second in (begin, end))
    day = date(1970, 1, 1) + timedelta(days=first)
    for number in range(first, last + 1):
        yield day, number * _DAY_SECONDS - offset
        day += timedelta(days=1)
