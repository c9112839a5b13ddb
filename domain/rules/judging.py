"""Judging: what rules say to one event. Pure: the same rule, event and order give the same answer.

The order is seen as it is right behind the event; what has changed is told beside.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from domain.customers.customer import Customer
from domain.facts import Facts
from domain.messages import Actor, ActorKind, Recorded
from domain.orders.context import Situation, context_of
from domain.orders.order import Order
from domain.paths.conditions import Answer, evaluate
from domain.paths.path import OrderPath
from domain.rules.conditions import ONLY_RULES, compiled
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnEvent, Trigger, unversioned

_NO_PATH: Final = OrderPath.model_construct(
    path="", stages=("",), statuses={}, initial=(), transitions=()
)


@dataclass(frozen=True, slots=True)
class Change:
    """A field of the order before and after an event, as text; nothing there: the empty text."""

    field: str
    old: str
    new: str


NONE: Final = Change("", "", "")


@dataclass(slots=True)
class Sight:
    """An event as rules see it, with the order before and behind it."""

    happened: Recorded
    before: Order = field(default_factory=Order)
    after: Order = field(default_factory=Order)  # one that never was, where it is not of an order
    path: OrderPath | None = None  # None: not known
    customer: Customer | None = None  # if a rule asks
    _texts: dict[str, tuple[str, str]] = field(default_factory=dict, init=False, repr=False)

    @property
    def order_id(self) -> UUID | None:
        """None: it happened to something else."""
        return UUID(self.happened.entity_id) if self.after.exists else None

    @property
    def name(self) -> str:
        """What happened, as rules call it."""
        return unversioned(self.happened.event.NAME)

    def change(self, name: str) -> Change | None:
        """Give how a field has changed; None: it has not."""
        if name not in self._texts:
            self._texts[name] = (_text(self._order(self.before)[name]), self._now(name))
        old, new = self._texts[name]
        return Change(name, old, new) if old != new else None

    def _now(self, name: str) -> str:
        return _text(self._order(self.after)[name])

    def _order(self, order: Order) -> Mapping[str, Any]:
        found: Mapping[str, Any] = context_of(self._situation(order))["order"]
        return found

    def _situation(self, order: Order) -> Situation:
        happened = self.happened
        return Situation(
            order_id=UUID(int=0),
            order=order,
            path=self.path or _NO_PATH,
            actor=Actor(kind=cast(ActorKind, happened.actor_kind), id=happened.actor_id),
            now=happened.occurred_at,
            facts=Facts(customer=self.customer),
        )

    def context(self, change: Change) -> Mapping[str, Any]:
        """Give the variables of conditions."""
        return _Context(context_of(self._situation(self.after)), self, change)


class _Context(Mapping[str, Any]):
    """The variables of an order's conditions, and those that only rules have."""

    def __init__(self, order: Mapping[str, Any], sight: Sight, change: Change) -> None:
        self._order = order
        self._sight = sight
        self._change = change

    def __getitem__(self, name: str) -> Any:
        if name == "change":
            change = self._change
            return {"field": change.field, "old": change.old, "new": change.new}
        if name == "event":
            return {"type": self._sight.name, "source": self._sight.happened.source}
        if name == "order" and not self._sight.after.exists:
            return None
        return self._order[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._order, **dict.fromkeys(ONLY_RULES)})

    def __len__(self) -> int:
        return len(self._order) + len(ONLY_RULES)


def led_by(rule: Rule, sight: Sight) -> Change | None:
    """Give the change that makes a rule look, NONE where it is an event; None: it does not look."""
    for trigger in rule.on:
        found = _led_by(trigger, sight)
        if found is not None:
            return found
    return None


def _led_by(trigger: Trigger, sight: Sight) -> Change | None:
    match trigger:
        case OnEvent(event=names):
            return NONE if sight.name in names else None
        case OnChange(change=name):
            change = sight.change(name)
            if change is None or not sight.after.exists:
                return None
            was = not trigger.from_ or change.old in trigger.from_
            return change if was and (not trigger.to or change.new in trigger.to) else None
        case _:
            return None  # The clock looks for the others, and says so by an event of its own.


def ask(sight: Sight, asked: Sequence[tuple[Rule, Change]]) -> Iterator[dict[str, Answer]]:
    """Give the answer to each condition of each rule, by its name. Alike ones are asked once."""
    shared = [
        source
        for rule, _ in asked
        for source in rule.if_.values()
        if "change" not in compiled(source).reads
    ]
    known = _answers(sight, NONE, dict.fromkeys(shared))
    for rule, change in asked:
        own = [source for source in rule.if_.values() if source not in known]
        answers = known | _answers(sight, change, own)
        yield {name: answers[source] for name, source in rule.if_.items()}


def _answers(sight: Sight, change: Change, sources: Iterable[str]) -> dict[str, Answer]:
    conditions = [compiled(source) for source in sources]
    if not conditions:
        return {}
    answers = evaluate(conditions, sight.context(change))
    return {one.source: answer for one, answer in zip(conditions, answers, strict=True)}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
