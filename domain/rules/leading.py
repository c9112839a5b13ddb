"""What a rule leaves on an order, and which rules look at that: how rules lead to each other.

Nothing is judged here: conditions count as far as they can be proved. Called by lint and for
`orderpath rule graph`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final

from domain.orders.deadline_events import DeadlinePassed
from domain.paths.cel_syntax import parse_cel
from domain.paths.path import OrderPath
from domain.paths.provable import Domains, can_be
from domain.rules import actions as a
from domain.rules.changed_by import fields_changed_by
from domain.rules.conditions import compiled
from domain.rules.left_by import ENTERED, OVERRIDE, PIECES, events_left_by, fields_left_by
from domain.rules.rule import Rule
from domain.rules.timers import TimerFired
from domain.rules.triggers import OnChange, OnEvent, OnSilence, Trigger, unversioned
from domain.stock.events import StockBelowThreshold

TIMER: Final = unversioned(TimerFired.NAME)
DEADLINE: Final = unversioned(DeadlinePassed.NAME)

_SCARCE: Final = unversioned(StockBelowThreshold.NAME)
_NO_LEVEL: Final = frozenset({""})

Values = Mapping[str, Set[str] | None]  # field -> what it can have become; None: anything


@dataclass(frozen=True, slots=True)
class Step:
    """What one action leaves on an order: at once, or later, when it may be another one by then."""

    events: Set[str]  # as rules call them
    values: Values = field(default_factory=dict)  # of the fields that it changes
    sets: Values = field(default_factory=dict)  # where all of it is so already, it leaves nothing
    anew: bool = False  # done again, it is not the same
    later: bool = False  # somebody else does it: the clock, or who sends messages
    by_clock: bool = False  # a chain of rules begins anew there
    stays: Values = field(default_factory=dict)  # fields that are still the same then
    levels: Set[str] = _NO_LEVEL  # of a time limit


@dataclass(frozen=True, slots=True)
class Traces:
    """What a rule leaves, action by action: between them others look, and each may be refused."""

    steps: Sequence[Step]
    holding: Sequence[str]  # conditions of the rule that nothing of this touches


def traces_of(rule: Rule, paths: Collection[OrderPath]) -> Traces:
    """Give what a rule leaves. paths: whose statuses do something when they are entered"""
    steps = [step for action in rule.then for step in _steps(action, paths)]
    touched = {name for step in steps for name in step.values}
    return Traces(steps, [*_holding(rule, touched)])


def leads(traces: Traces, other: Rule) -> bool:
    """Whether another rule may fire on what a rule has left."""
    return any(_leads(traces, step, other, other.on) for step in traces.steps)


def leads_on(
    traces: Traces, other: Rule, of_other: Traces, *, but_for_the_clock: bool = False
) -> bool:
    """Whether another rule may fire and leave more than there is by then: else it ends there.

    but_for_the_clock: without what begins a chain anew, as silence
    """
    steps, triggers = traces.steps, other.on
    if but_for_the_clock:
        steps = [step for step in steps if not step.by_clock]
        triggers = tuple(one for one in triggers if not isinstance(one, OnSilence))
    return any(
        _leads(traces, step, other, triggers)
        and not all(_repeats(step, one) for one in of_other.steps)
        for step in steps
    )


def _steps(action: a.Action, paths: Collection[OrderPath]) -> Iterator[Step]:
    if isinstance(action, a.Move):
        yield from _moving(action.move, paths)
    elif events := events_left_by(action):
        fields, sets = fields_left_by(action), _set_by(action)
        yield Step(
            events,
            {name: sets.get(name) for name in fields},
            sets=sets,
            anew=isinstance(action, a.WriteNote | a.IssueDocument),
            later=isinstance(action, a.Notify),
        )


def _set_by(action: a.Action) -> Values:
    """Give the fields that an action sets, and to what."""
    match action:
        case a.SetField(set=details):
            set_to = details.model_dump(exclude_defaults=True)
            return {
                name: {set_to[name]} if name in set_to else None
                for name in details.model_fields_set
            }
        case a.Assign(assign=owner, by=sharing):
            user = None if sharing is not None else {owner.get("user", "")}
            return {"owner_user": user, "owner_group": {owner.get("group", "")}}
        case a.WriteNote():
            return {"has_note": {"true"}}
        case _:
            return {}


def _moving(status: str, paths: Collection[OrderPath]) -> Iterator[Step]:
    """Give what a move leaves at once, and what the clock says of it later, on whatever path."""
    statuses, by_pieces = _entered(status, paths)
    events = ENTERED | by_pieces
    if any(move.override and status in move.to for path in paths for move in path.transitions):
        events |= {OVERRIDE}
    sets = {"status": statuses}
    yield Step(events, dict.fromkeys(fields_changed_by(events)) | sets, sets)
    if _SCARCE in by_pieces:  # What is reserved is not kept for ever.
        became = dict.fromkeys(fields_changed_by(PIECES))
        yield Step(PIECES, became, sets, later=True, by_clock=True, stays=sets)
    for one in sorted(statuses):
        limits = (path.statuses[one].limit for path in paths if one in path.statuses)
        if levels := {level for limit in limits if limit for level, _ in limit.levels}:
            yield Step(
                {DEADLINE},
                {},
                sets,
                later=True,
                by_clock=True,
                stays={"status": {one}},
                levels=levels,
            )


def _entered(status: str, paths: Collection[OrderPath]) -> tuple[Set[str], Set[str]]:
    """Name the statuses that a move may end in, as an order may follow its pieces further on; and
    what may happen to these.
    """
    statuses, events = {status}, set[str]()
    for path in paths:
        reached = {status} & {*path.statuses}
        left = _by_pieces(path, reached)
        while left:
            ahead = {one.to for one in path.follow if not reached.isdisjoint(one.from_)} - reached
            if not ahead:
                break
            reached |= ahead
            left = _by_pieces(path, reached)
        statuses |= reached
        events |= left
    return statuses, events


def _by_pieces(path: OrderPath, statuses: Iterable[str]) -> Set[str]:
    """Name what entering statuses lets happen to the pieces of an order and to their stock."""
    entered = [path.statuses[one] for one in statuses]
    effects = [one.on_enter for one in entered if one.on_enter is not None]
    moves_pieces = any(effect.items is not None for effect in effects)
    if path.stock is None:
        return PIECES if moves_pieces else frozenset()
    if moves_pieces or any(effect.stock is not None for effect in effects):
        return PIECES | {_SCARCE}
    ends = any(one.final is not None for one in entered)  # What was kept for it is given back.
    return PIECES if ends else frozenset()


def _holding(rule: Rule, touched: Set[str]) -> Iterator[str]:
    """Give the conditions that still hold when somebody looks at what the rule has left: they are
    asked again where its commands are decided.
    """
    for source in rule.lasting:
        condition = compiled(source)
        if condition.reads.keys() == {"order"} and condition.fields["order"].isdisjoint(touched):
            yield source


def _leads(traces: Traces, step: Step, other: Rule, triggers: Sequence[Trigger]) -> bool:
    occasions = [*_occasions(step, triggers)]
    if not occasions:
        return False
    sources = [*(() if step.later else traces.holding), *other.if_.values()]
    claims = [(parse_cel(source), True) for source in sources]
    return any(can_be(claims, domains) for domains in occasions)


def _occasions(step: Step, triggers: Sequence[Trigger]) -> Iterator[Domains]:
    """Give what is known of the order for each trigger that looks at what was left; silence begins
    anew behind whatever that is.
    """
    by_then = {**step.values, **step.stays}
    known: dict[str, Set[Any]] = {
        f"order.{name}": value for name, value in by_then.items() if value is not None
    }
    known["event.level"] = step.levels
    for trigger in triggers:
        match trigger:
            case OnEvent(event=names) if found := step.events & {*names}:
                yield {**known, "event.type": found, "change.field": {""}}
            case OnChange(change=name, to=to) if name in step.values:
                new = step.values[name]
                if new is None or not to or new & {*to}:
                    values = {"change.new": new} if new is not None else {}
                    yield {**known, **values, "change.field": {name}}
            case OnSilence(in_=statuses) if DEADLINE not in step.events:  # That is only time.
                there = by_then.get("status") or {*statuses}
                if not statuses or there & {*statuses}:
                    where = {"order.status": there} if there else {}
                    yield {**known, **where, "event.type": {TIMER}, "change.field": {""}}
            case _:
                pass


def _repeats(before: Step, step: Step) -> bool:
    """Whether a step changes nothing behind another one."""
    if step.anew:
        return False
    if not step.sets:
        return step.events <= before.events
    then = {**before.values, **before.stays}
    return all(_is_same(value, then.get(name)) for name, value in step.sets.items())


def _is_same(value: Set[str] | None, before: Set[str] | None) -> bool:
    return value is not None and len(value) == 1 and value == before
