"""The history of one calendar: its published versions. Stream `calendar-<name>`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import Code, Command, Decided, Event, Happened
from domain.paths.calendars import Calendar
from domain.refusals import Refusal


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


class PublishCalendar(Command):
    """Make a calendar the one that limits in working time follow."""

    NAME: ClassVar[str] = "calendar.publish"

    definition: Calendar

    @property
    def stream_id(self) -> str:
        return stream_of(self.definition.calendar)


@dataclass(frozen=True)
class CalendarLine:
    """State of the stream: the latest published version, 0 if there is none."""

    version: int = 0
    calendar_version: int = 0
    content_hash: str = ""
    definition: Mapping[str, Any] | None = None  # as published
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a calendar belongs to no person

    @cached_property
    def calendar(self) -> Calendar | None:
        """The latest version; None if none is published. Read once, as it takes milliseconds."""
        return None if self.definition is None else Calendar.model_validate(self.definition)

    def evolve(self, happened: Happened) -> "CalendarLine":
        event = happened.event
        if not isinstance(event, CalendarPublished):
            raise TypeError(f"{type(event).__name__} is no event of a calendar")
        return replace(
            self,
            version=happened.version,
            calendar_version=event.calendar_version,
            content_hash=event.content_hash,
            definition=event.definition,
            last_occurred_at=happened.occurred_at,
        )


def publish_calendar(line: CalendarLine, command: PublishCalendar, now: datetime) -> list[Decided]:
    """Publish the next version; the same content again is nothing."""
    definition = command.definition
    if unmet := list(no_status_is_expected(command, "A calendar")):
        raise Refusal(*unmet)
    if definition.content_hash == line.content_hash:
        return []
    event = CalendarPublished(
        calendar=definition.calendar,
        calendar_version=line.calendar_version + 1,
        content_hash=definition.content_hash,
        definition=definition.content,
    )
    return [Decided(event, now)]
