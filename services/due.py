"""What may become due, each as a command that says so. The clock asks for it: services.clock."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Protocol, runtime_checkable
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg import Cursor
from pydantic_core import from_json

from domain.messages import Actor, Command
from domain.orders.commands import ExpireReservations, PassDeadline
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.paths.calendars import Calendar
from domain.reading import IMPOSSIBLE, UNTIL_MENDED
from domain.refusals import InfraError
from domain.rules.line import stream_of as rule_stream
from domain.rules.schedules import latest_hour
from domain.rules.timers import FireTimer
from domain.rules.triggers import OnSchedule
from projections.asked_hours import changed_since, find_asked, find_reached, remember_asked
from projections.reports.due import Ask, Place
from projections.reports.due_deadlines import DueDeadline, list_due_deadlines
from projections.reports.due_reservations import DueOrder, list_due_reservations
from projections.reports.due_schedules import (
    DueHour,
    Hour,
    ScheduledRule,
    list_due_hours,
    list_scheduled_rules,
    read_calendars,
)
from projections.reports.due_waits import DueWait, list_due_waits

CLOCK: Final = Actor(kind="clock", id="orderpath")
SOURCE: Final = "clock"  # of its commands
WORTH_NOTING: Final = 1_000  # positions that have come since it was noted who was told of an hour

_DEADLINES: Final = uuid5(NAMESPACE_URL, "orderpath:pass_deadline")
_WAITS: Final = uuid5(NAMESPACE_URL, "orderpath:fire_timer")
_SCHEDULES: Final = uuid5(NAMESPACE_URL, "orderpath:fire_schedule")
_RESERVATIONS: Final = uuid5(NAMESPACE_URL, "orderpath:expire_reservations")


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due."""

    due_at: datetime
    order_id: UUID
    which: str  # of several things of one order
    command: Command  # what says so; the same thing has the same id, whoever finds it

    @property
    def place(self) -> Place:
        """Say where it stands among what is due."""
        return self.due_at, self.order_id, self.which


class Source(Protocol):
    """Where due things of one kind are found: a live table."""

    def list_due(self, cursor: Cursor[Any], ask: Ask) -> Sequence[Due]: ...


@runtime_checkable
class Remembering(Protocol):
    """A source that remembers what it need not look at again."""

    def remember(self, cursor: Cursor[Any], now: datetime) -> None:
        """Hear that what was due has been sent, as far as nobody else is at it."""


@runtime_checkable
class Defined(Protocol):
    """A source of what goes by definitions: one that cannot be read is left out of what is due."""

    def unreadable(self, cursor: Cursor[Any]) -> Sequence[InfraError]:
        """Name each that cannot be read: event_unreadable, with its stream."""


class DueDeadlines:
    """Deadlines of orders."""

    def list_due(self, cursor: Cursor[Any], ask: Ask) -> Sequence[Due]:
        """List them in due order."""
        found = list_due_deadlines(cursor, ask)
        return [Due(one.due_at, one.order_id, one.level, _pass(one)) for one in found]


class DueReservations:
    """Goods that are kept for orders beyond their time."""

    def list_due(self, cursor: Cursor[Any], ask: Ask) -> Sequence[Due]:
        """List the orders in due order."""
        found = list_due_reservations(cursor, ask)
        return [Due(one.due_at, one.order_id, "", _expire(one)) for one in found]


class DueWaits:
    """The ends of delays and of silence that rules wait for."""

    def list_due(self, cursor: Cursor[Any], ask: Ask) -> Sequence[Due]:
        """List them in due order."""
        found = list_due_waits(cursor, ask)
        return [Due(one.due_at, one.order_id, str(one.wait_id), _fire(one)) for one in found]


class DueSchedules:
    """Fixed hours of rules, for the orders in their statuses. Of several hours that have come, also
    of several triggers, the latest: what was missed is made up for once. An hour of which every
    order was told is asked for again only of orders to which something has happened since."""

    def list_due(self, cursor: Cursor[Any], ask: Ask) -> Sequence[Due]:
        """List them in due order."""
        if not (hours := _hours(cursor, ask.now)):
            return []
        found = _due_hours(cursor, ask, hours, find_asked(cursor, hours))
        return [Due(one.due_at, one.order_id, one.rule, _strike(one)) for one in found]

    def remember(self, cursor: Cursor[Any], now: datetime) -> None:
        """Note hours of which nothing is left to tell: the log has what was told."""
        if not (hours := _hours(cursor, now)) or not (reached := find_reached(cursor)):
            return
        asked = find_asked(cursor, hours)
        if asked is not None and reached.position - asked < WORTH_NOTING:
            return
        if not _due_hours(cursor, Ask(now, limit=1), hours, asked):
            remember_asked(cursor, hours, reached)

    def unreadable(self, cursor: Cursor[Any]) -> Sequence[InfraError]:
        """Name rules whose hours cannot be read, and calendars that such hours go by."""
        return [_unreadable(stream) for stream in _schedules(cursor).lost]


SOURCES: Final[Sequence[Source]] = (DueDeadlines(), DueReservations(), DueWaits(), DueSchedules())


def _due_hours(
    cursor: Cursor[Any], ask: Ask, hours: Sequence[Hour], asked: int | None
) -> Sequence[DueHour]:
    """List what is due; asked: the position up to which every order was told of the hours."""
    changed = None if asked is None else changed_since(cursor, asked)
    return [] if changed == [] else list_due_hours(cursor, ask, hours, changed)


def _hours(cursor: Cursor[Any], now: datetime) -> list[Hour]:
    """Work out which hours of which rules have come, each behind the publication of its trigger:
    for each status the latest of the rule.
    """
    latest: dict[tuple[str, int, str], datetime] = {}
    for one, on, calendar in _schedules(cursor).known:
        hour = latest_hour(on.schedule, calendar, after=one.since, until=now)
        if hour is None:
            continue
        for key in ((one.rule, one.rule_version, status) for status in on.in_):
            latest[key] = max(hour, latest.get(key, hour))
    statuses: dict[tuple[datetime, str, int], set[str]] = defaultdict(set)
    for (rule, version, status), hour in latest.items():
        statuses[hour, rule, version].add(status)
    return [Hour(*key, tuple(sorted(found))) for key, found in statuses.items()]


@dataclass(frozen=True, slots=True)
class _Schedules:
    """The fixed hours of rules, each with its calendar."""

    known: Sequence[tuple[ScheduledRule, OnSchedule, Calendar]]
    lost: Sequence[str]  # streams of the rules and calendars that cannot be read, left out


def _schedules(cursor: Cursor[Any]) -> _Schedules:
    """Read them as published. A rule of which one trigger cannot be read, or that has none, is left
    out whole, as it is where events are judged; one whose calendar is not published has no hours.
    """
    lost: list[str] = []
    triggers: dict[str, list[tuple[ScheduledRule, OnSchedule]]] = defaultdict(list)  # by stream
    for one in list_scheduled_rules(cursor):
        stream = rule_stream(one.rule)
        try:
            triggers[stream].append((one, OnSchedule.model_validate(one.on)))
        except IMPOSSIBLE:
            lost.append(stream)
    whole = [told for stream, every in triggers.items() if stream not in lost for told in every]
    names = {on.schedule.calendar for _, on in whole}
    calendars: dict[str, Calendar] = {}
    for name, text in read_calendars(cursor, names).items() if names else ():
        try:
            calendars[name] = _calendar(text)
        except IMPOSSIBLE:
            lost.append(calendar_stream(name))
    known = [(one, on, calendars.get(on.schedule.calendar)) for one, on in whole]
    return _Schedules([(one, on, by) for one, on, by in known if by], [*dict.fromkeys(lost)])


@lru_cache(maxsize=100)
def _calendar(text: str) -> Calendar:
    """Read a calendar, which takes milliseconds."""
    return Calendar.as_published(from_json(text))


def _unreadable(stream_id: str) -> InfraError:
    words = f"{stream_id} cannot be read in log.definitions. {UNTIL_MENDED}"
    return InfraError("event_unreadable", words, stream_id)


def _pass(one: DueDeadline) -> PassDeadline:
    """A limit that was another one meanwhile is told of anew."""
    what = f"{one.order_id}:{one.entered}:{one.level}:{one.due_at.isoformat()}:{one.version}"
    return PassDeadline(
        command_id=uuid5(_DEADLINES, what),
        actor=CLOCK,
        source=SOURCE,
        correlation_id=one.correlation_id,
        causation_id=one.began_with,
        order_id=one.order_id,
        entered=one.entered,
        level=one.level,
        due_at=one.due_at,
    )


def _expire(one: DueOrder) -> ExpireReservations:
    """The same order as it was before is asked for the same moment under the same id."""
    return ExpireReservations(
        command_id=uuid5(_RESERVATIONS, f"{one.order_id}:{one.version}:{one.due_at.isoformat()}"),
        actor=CLOCK,
        source=SOURCE,
        order_id=one.order_id,
        due_at=one.due_at,
    )


def _fire(one: DueWait) -> FireTimer:
    """Silence that is broken by something older ends at the same moment, once more."""
    what = f"{one.wait_id}:{one.due_at.isoformat()}:{one.position}"
    return FireTimer(
        command_id=uuid5(_WAITS, what),
        actor=CLOCK,
        source=SOURCE,
        correlation_id=one.correlation_id,
        causation_id=one.began_with,
        order_id=one.order_id,
        timer_id=one.wait_id,
        rule=one.rule,
        rule_version=one.rule_version,
        why=one.why,
        due_at=one.due_at,
    )


def _strike(one: DueHour) -> FireTimer:
    """One hour is one thing for each order, whatever version of the rule has it."""
    timer_id = uuid5(_SCHEDULES, f"{one.rule}:{one.due_at.isoformat()}:{one.order_id}")
    return FireTimer(
        command_id=timer_id,
        actor=CLOCK,
        source=SOURCE,
        order_id=one.order_id,
        timer_id=timer_id,
        rule=one.rule,
        rule_version=one.rule_version,
        why="schedule",
        due_at=one.due_at,
    )
