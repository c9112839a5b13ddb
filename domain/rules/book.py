"""The rules in force: which version of which rule judges an event, by the event's position."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from domain.messages import Recorded
from domain.rules.line import RulePublished
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnSchedule, OnSilence


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a rule."""

    rule: Rule
    version: int
    position: int  # of its publication: it judges what comes behind

    @property
    def name(self) -> str:
        return self.rule.rule


@dataclass(frozen=True)
class InForce:
    """The rules that judge between two publications, in the order in which they act."""

    by_name: Mapping[str, Published] = field(default_factory=dict)

    @cached_property
    def rules(self) -> Sequence[Published]:
        """Those that are not off."""
        judging = (one for one in self.by_name.values() if one.rule.mode != "off")
        return sorted(judging, key=lambda one: (one.rule.order, one.name))

    @cached_property
    def _by_event(self) -> Mapping[str, Sequence[Published]]:
        found: dict[str, list[Published]] = defaultdict(list)
        for one in self.rules:
            for name in one.rule.events:
                found[name].append(one)
        return dict(found)

    @cached_property
    def _changing(self) -> Sequence[Published]:
        return [one for one in self.rules if any(isinstance(on, OnChange) for on in one.rule.on)]

    def looking_at(self, event: str) -> Sequence[Published]:
        """Give the rules that may look at an event of this name."""
        named, changing = self._by_event.get(event, ()), self._changing
        if not changing:
            return named
        if not named:
            return changing
        return [one for one in self.rules if one in named or one in changing]

    @cached_property
    def silent(self) -> Sequence[tuple[Published, OnSilence]]:
        """Give the rules that wait for silence, with what they wait for."""
        return [(one, on) for one in self.rules for on in one.rule.on if isinstance(on, OnSilence)]

    @cached_property
    def scheduled(self) -> Sequence[tuple[Published, OnSchedule]]:
        """Give the rules that look at fixed hours."""
        return [(one, on) for one in self.rules for on in one.rule.on if isinstance(on, OnSchedule)]

    @cached_property
    def cancelled_by(self) -> Mapping[str, frozenset[str]]:
        """Name the rules whose delay an event ends, by the event's name."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.rules:
            for name in one.rule.cancel_on:
                found[name].add(one.name)
        return {name: frozenset(rules) for name, rules in found.items()}

    @cached_property
    def read_customers(self) -> bool:
        return any(one.rule.reads_customer for one in self.rules)


class RuleBook:
    """Every version of every rule, in the order of the log."""

    def __init__(self, published: Iterable[Recorded]) -> None:
        ordered = sorted(_versions(published), key=lambda one: one.position)
        self._positions = [one.position for one in ordered]
        self._in_force = [InForce()]
        for one in ordered:
            last = self._in_force[-1].by_name
            self._in_force.append(InForce({**last, one.name: one}))

    def at(self, position: int) -> InForce:
        """Give the rules that judge the event at a position."""
        return self._in_force[bisect_left(self._positions, position)]


def _versions(published: Iterable[Recorded]) -> Iterator[Published]:
    for one in published:
        if isinstance(event := one.event, RulePublished):
            rule = Rule.model_validate(event.definition)
            yield Published(rule, event.rule_version, one.position)
