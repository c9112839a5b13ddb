"""The history of one calendar: its published versions. Stream `calendar-<name>`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.messages import Code, Event
from domain.paths.calendars import Calendar
from domain.publishing import Line, Publish


def stream_of(calendar: str) -> str:
    """Name the stream of a calendar."""
    return f"calendar-{calendar}"


class CalendarPublished(Event):
    """Fact: from now on limits in working time follow this version of the calendar."""

    NAME: ClassVar[str] = "calendar.published.v1"

    calendar: Code
    calendar_version: Annotated[int, Field(ge=1)]
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published; not checked again at replay


class PublishCalendar(Publish):
    """Make a calendar the one that limits in working time follow."""

    NAME: ClassVar[str] = "calendar.publish"

    definition: Calendar

    @property
    def stream_id(self) -> str:
        return stream_of(self.definition.calendar)


@dataclass(frozen=True)
class CalendarLine(Line):
    """State of the stream of a calendar."""

    KIND = "calendar"
    PUBLISHED = CalendarPublished

    @cached_property
    def calendar(self) -> Calendar | None:
        """The latest version; None if none is published. Read once, as it takes milliseconds."""
        return None if self.definition is None else Calendar.as_published(self.definition)
