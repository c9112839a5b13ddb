"""The rules in force: which version of which rule judges an event, by the event's position."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from operator import attrgetter
from typing import Final

from domain.messages import Recorded, entity_of
from domain.paths.calendar_line import CalendarPublished
from domain.paths.calendars import Calendar
from domain.reading import IMPOSSIBLE, Undecodable
from domain.rules.line import RulePublished
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnSchedule, OnSilence

SOON: Final = timedelta(minutes=5)  # the log takes what happens here, else the clock is another one


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a rule."""

    rule: Rule
    version: int
    position: int  # of its publication: it judges what comes behind
    in_real_time: bool = False  # the log took its publication when it was made

    @property
    def name(self) -> str:
        return self.rule.rule


@dataclass(frozen=True)
class InForce:
    """The rules that judge between two publications, in the order in which they act."""

    by_name: Mapping[str, Published] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)  # the latest of each name
    lost: frozenset[str] = frozenset()  # streams of which the latest cannot be read

    @cached_property
    def rules(self) -> Sequence[Published]:
        """Those that are not off."""
        judging = (one for one in self.by_name.values() if one.rule.mode != "off")
        return sorted(judging, key=lambda one: (one.rule.order, one.name))

    @cached_property
    def lost_calendars(self) -> Set[str]:
        """Name the calendars of which the latest version cannot be read."""
        return {entity_of(one) for one in self.lost if one.startswith("calendar-")}

    @cached_property
    def by_event(self) -> Mapping[str, Sequence[Published]]:
        """Give the rules that look at an event as such, by its name."""
        found: dict[str, list[Published]] = defaultdict(list)
        for one in self.rules:
            for name in one.rule.events:
                found[name].append(one)
        return dict(found)

    @cached_property
    def by_field(self) -> Mapping[str, Sequence[tuple[Published, OnChange]]]:
        """Give the rules that look at changes of a field, with the changes, by its name."""
        found: dict[str, list[tuple[Published, OnChange]]] = defaultdict(list)
        for one in self.rules:
            for on in one.rule.on:
                if isinstance(on, OnChange):
                    found[on.change].append((one, on))
        return dict(found)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Give the place of each rule in the order in which they act."""
        return {one.name: place for place, one in enumerate(self.rules)}

    @cached_property
    def silent(self) -> Sequence[tuple[Published, OnSilence, int]]:
        """Give the rules that wait for silence, with what they wait for, and the number of that
        among those of the rule that are as long, from 0.
        """
        found: list[tuple[Published, OnSilence, int]] = []
        for one in self.rules:
            spans: Counter[timedelta] = Counter()
            for on in one.rule.on:
                if isinstance(on, OnSilence):
                    found.append((one, on, spans[on.silence]))
                    spans[on.silence] += 1
        return found

    @cached_property
    def scheduled(self) -> Sequence[tuple[Published, OnSchedule]]:
        """Give the rules that look at fixed hours."""
        return [(one, on) for one in self.rules for on in one.rule.on if isinstance(on, OnSchedule)]

    @cached_property
    def cancelled_by(self) -> Mapping[str, frozenset[str]]:
        """Name the rules whose delay an event ends, by the event's name; also those that are off,
        as they may be live again before it ends.
        """
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.by_name.values():
            for name in one.rule.cancel_on:
                found[name].add(one.name)
        return {name: frozenset(rules) for name, rules in found.items()}

    @cached_property
    def read_customers(self) -> bool:
        return any(one.rule.reads_customer for one in self.rules)


class RuleBook:
    """Every version of every rule, and of the calendars that they count by, in the log's order.

    unread: publications that could not be read: (stream, version)
    """

    def __init__(self, published: Iterable[Recorded | Undecodable]) -> None:
        ordered = sorted(published, key=attrgetter("position"))
        self._positions = [one.position for one in ordered]
        self._in_force = [InForce()]
        unread: set[tuple[str, int]] = set()
        for one in ordered:
            self._in_force.append(_behind(self._in_force[-1], one))
            if one.stream_id in self._in_force[-1].lost:
                unread.add((one.stream_id, one.version))
        self.unread: Final = frozenset(unread)

    @property
    def is_whole(self) -> bool:
        """Whether every publication could be read."""
        return not self.unread

    def at(self, position: int) -> InForce:
        """Give the rules that judge the event at a position."""
        return self._in_force[bisect_left(self._positions, position)]


def _behind(before: InForce, one: Recorded | Undecodable) -> InForce:
    """Give what is in force behind a publication; one that cannot be read is lost, until the next
    of its stream.
    """
    if isinstance(one, Recorded):
        try:
            now = _published(before, one)
        except IMPOSSIBLE:
            pass
        else:
            return replace(now, lost=before.lost - {one.stream_id}) if before.lost else now
    return replace(before, lost=before.lost | {one.stream_id})


def _published(before: InForce, one: Recorded) -> InForce:
    match one.event:
        case RulePublished() as event:
            rule = Rule.as_published(event.definition)
            is_real = abs(one.recorded_at - one.occurred_at) <= SOON
            published = Published(rule, event.rule_version, one.position, is_real)
            return InForce({**before.by_name, event.rule: published}, before.calendars)
        case CalendarPublished() as event:
            calendar = Calendar.model_validate(event.definition)
            return InForce(before.by_name, {**before.calendars, event.calendar: calendar})
        case _:
            return before
