"""The state of a series of numbers and how events change it. evolve never refuses."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple, assert_never, cast
from zoneinfo import ZoneInfo

from domain.documents import events as e
from domain.messages import Happened

_PLAIN: Final = e.Format()  # of a series that nobody defined: 1, 2, 3, …


class Number(NamedTuple):
    """A number that a document may take."""

    serial: int
    year: int
    number: str  # as it is written


@dataclass(frozen=True, slots=True)
class Series:
    """One series as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    format: e.Format = _PLAIN
    serial: int = 0  # of the last number, 0: none was taken yet
    year: int = 0  # of the last number
    subject_id: str | None = None  # a series belongs to no person

    def next_number(self, at: datetime) -> Number:
        """Give the number behind the last. Years never go back, whatever the clock says."""
        year = max(at.astimezone(ZoneInfo(self.format.zone)).year, self.year)
        begins = self.format.yearly and year > self.year
        serial = 1 if begins else self.serial + 1
        front = f"{self.format.prefix}{year}-" if self.format.yearly else self.format.prefix
        return Number(serial, year, f"{front}{serial:0{self.format.width}}")

    def evolve(self, happened: Happened) -> "Series":
        """Give the series after one more event."""
        event = cast(e.SeriesEvent, happened.event)
        after = replace(self, version=happened.version, last_occurred_at=happened.occurred_at)
        match event:
            case e.SeriesDefined():
                return replace(after, format=event.format)
            case e.NumberTaken():
                return replace(after, serial=event.serial, year=event.year)
            case _:
                assert_never(event)
