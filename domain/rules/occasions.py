"""When a rule can fire at all: in which statuses of a path, and on which events. For lint.

On the safe side: what is not proved is possible.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Final

from domain.paths.cel_syntax import parse_cel
from domain.paths.lint_conditions import domains_of
from domain.paths.path import OrderPath
from domain.paths.provable import Domains, can_be
from domain.rules.rule import Rule
from domain.rules.timers import TimerFired
from domain.rules.triggers import (
    STOCK_EVENTS,
    OnChange,
    OnEvent,
    OnSchedule,
    OnSilence,
    Trigger,
    unversioned,
)

_TIMER: Final = unversioned(TimerFired.NAME)
_PLACED: Final = "order.placed"


def is_of_stock(rule: Rule) -> bool:
    """Whether a rule looks at stocks only, which have no order."""
    return all(isinstance(one, OnEvent) and STOCK_EVENTS.issuperset(one.event) for one in rule.on)


def statuses_of(rule: Rule, path: OrderPath) -> list[str]:
    """Give the statuses of a path in which a rule can fire, in their order."""
    looking: Set[str] = {*path.statuses}
    if not rule.waits:  # Meanwhile an order goes on.
        looking = {status for one in rule.on for status in _statuses_at(one, path)}
    claims = [(parse_cel(source), True) for source in rule.if_.values()]
    return [
        status
        for status in path.statuses
        if status in looking and can_be(claims, domains_for(rule, path, [status]))
    ]


def domains_for(rule: Rule, path: OrderPath, statuses: Sequence[str]) -> Domains:
    """Give every value that the fields of a rule's conditions can have on a path."""
    return {**domains_of(path, statuses), **_of_triggers(rule)}


def merged(domains: Iterable[Domains]) -> Domains:
    """Give every value that a field can have on any of several paths."""
    all_of_them: dict[str, Set[Any]] = {}
    for one in domains:
        for name, values in one.items():
            all_of_them[name] = all_of_them.get(name, frozenset()) | values
    return all_of_them


def _statuses_at(trigger: Trigger, path: OrderPath) -> Iterator[str]:
    """Give the statuses of an order right behind what a trigger looks at."""
    for code, status in path.statuses.items():
        match trigger:
            case OnEvent(event=names):
                is_start = any(start.status == code for start in path.initial)
                fits = is_start or {*names} != {_PLACED}
            case OnChange(change="status", to=to):
                fits = not to or code in to
            case OnChange(change="stage", to=to):
                fits = not to or status.stage in to
            case OnChange():
                fits = True
            case OnSilence(in_=listed):
                fits = code in listed if listed else status.final is None
            case OnSchedule(in_=listed):
                fits = code in listed
        if fits:
            yield code


def _of_triggers(rule: Rule) -> Mapping[str, Set[Any]]:
    changes = {one.change for one in rule.on if isinstance(one, OnChange)}
    others = [one for one in rule.on if not isinstance(one, OnChange)]
    timed = any(not isinstance(one, OnEvent) for one in others)
    known: dict[str, Set[Any]] = {"change.field": changes | ({""} if others else set())}
    if not changes:
        known["event.type"] = rule.events | ({_TIMER} if timed else set())
    return known
