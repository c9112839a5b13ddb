"""What a rule leaves on an order, and which rules look at that: how rules lead to each other.

Nothing is judged here: conditions count as far as they can be proved. Called by lint and for
`orderpath rule graph`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from domain.orders.item_events import ItemStatusChanged, ReservationChanged
from domain.paths.cel_syntax import parse_cel
from domain.paths.path import OrderPath
from domain.paths.provable import Domains, can_be
from domain.rules import actions as a
from domain.rules.conditions import compiled
from domain.rules.rule import Rule
from domain.rules.timers import TimerFired
from domain.rules.triggers import OnChange, OnEvent, OnSilence, Trigger, unversioned

TIMER: Final = unversioned(TimerFired.NAME)

_ITEMS: Final = unversioned(ItemStatusChanged.NAME)
_STOCK: Final = unversioned(ReservationChanged.NAME)

Values = Mapping[str, Set[str] | None]  # field -> what it can have become; None: anything


@dataclass(frozen=True, slots=True)
class Step:
    """What one action leaves on an order."""

    events: Set[str]  # as rules call them
    values: Values  # of the fields that it sets
    anew: bool = False  # done again, it is not the same


@dataclass(frozen=True, slots=True)
class Traces:
    """What a rule leaves, action by action: between them others look, and each may be refused."""

    steps: Sequence[Step]
    holding: Sequence[str]  # conditions of the rule that nothing of this touches


def traces_of(rule: Rule, paths: Collection[OrderPath]) -> Traces:
    """Give what a rule leaves. paths: whose statuses do something when they are entered"""
    steps = [step for action in rule.then if (step := _step(action, paths)) is not None]
    touched = {name for step in steps for name in step.values}
    return Traces(steps, [*_holding(rule, touched)])


def leads(traces: Traces, other: Rule) -> bool:
    """Whether another rule may fire on what a rule has left."""
    return any(_leads(traces, step, other) for step in traces.steps)


def leads_on(traces: Traces, other: Rule, of_other: Traces) -> bool:
    """Whether another rule may fire and leave more than there is by then: else it ends there."""
    return any(
        _leads(traces, step, other) and not all(_repeats(step, one) for one in of_other.steps)
        for step in traces.steps
    )


def _step(action: a.Action, paths: Collection[OrderPath]) -> Step | None:
    match action:
        case a.Move(move=status):
            return _entering(status, [path for path in paths if status in path.statuses])
        case a.SetField(set=details):
            set_to = details.model_dump(exclude_defaults=True)
            values = {name: {set_to[name]} if name in set_to else None for name in details.touches}
            return Step({"order.fields_changed"}, values)
        case a.Assign(assign=owner, by=sharing):
            user = None if sharing is not None else {owner.get("user", "")}
            values = {"owner_user": user, "owner_group": {owner.get("group", "")}}
            return Step({"order.owner_assigned"}, values)
        case a.WriteNote():
            return Step({"order.note_added"}, {"has_note": {"true"}}, anew=True)
        case a.IssueDocument():
            return Step({"order.document_issued"}, {}, anew=True)
        case _:
            return None  # It leaves nothing on the order.


def _entering(status: str, paths: Sequence[OrderPath]) -> Step:
    """Give what a move leaves, with what entering the status does besides, on whatever path."""
    events = {"order.status_changed"}
    values: dict[str, Set[str] | None] = {"stage": None, "entered_at": None}
    statuses = {status}
    for path in paths:
        effect = path.statuses[status].on_enter
        if effect is not None and effect.items is not None:
            events.add(_ITEMS)
            values["items_status"] = None
            # The order may follow its pieces further on.
            statuses |= {follow.to for follow in path.follow}
        if effect is not None and effect.stock is not None:
            events.add(_STOCK)
    return Step(events, {**values, "status": statuses})


def _holding(rule: Rule, touched: Set[str]) -> Iterator[str]:
    """Give the conditions that still hold when somebody looks at what the rule has left: they are
    asked again where its commands are decided.
    """
    for source in rule.lasting:
        condition = compiled(source)
        if condition.reads.keys() == {"order"} and condition.fields["order"].isdisjoint(touched):
            yield source


def _leads(traces: Traces, step: Step, other: Rule) -> bool:
    sources = [*traces.holding, *other.if_.values()]
    claims = [(parse_cel(source), True) for source in sources]
    return any(can_be(claims, domains) for domains in _occasions(step, other.on))


def _occasions(step: Step, triggers: Sequence[Trigger]) -> Iterator[Domains]:
    """Give what is known of the order for each trigger that looks at what was left; silence begins
    anew behind whatever that is.
    """
    known: dict[str, Set[Any]] = {
        f"order.{name}": value for name, value in step.values.items() if value is not None
    }
    for trigger in triggers:
        match trigger:
            case OnEvent(event=names) if found := step.events & {*names}:
                yield {**known, "event.type": found, "change.field": {""}}
            case OnChange(change=name, to=to) if name in step.values:
                new = step.values[name]
                if new is None or not to or new & {*to}:
                    values = {"change.new": new} if new is not None else {}
                    yield {**known, **values, "change.field": {name}}
            case OnSilence(in_=statuses):
                there = step.values.get("status") or {*statuses}
                if not statuses or there & {*statuses}:
                    where = {"order.status": there} if there else {}
                    yield {**known, **where, "event.type": {TIMER}, "change.field": {""}}
            case _:
                pass


def _repeats(before: Step, step: Step) -> bool:
    """Whether a step changes nothing behind another one."""
    follows = ("stage", "entered_at", "track_numbers")  # from the status, or the one number
    wanted = {name: value for name, value in step.values.items() if name not in follows}
    same = (
        value is not None and before.values.get(name) == value for name, value in wanted.items()
    )
    return not step.anew and all(same)
