"""Judging: what rules say to one event. Pure: the same rule, event and order give the same answer.

The order is seen as it is right behind the event; what has changed is told beside.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final, cast
from uuid import UUID

from domain.customers.customer import Customer
from domain.facts import Facts
from domain.messages import Actor, ActorKind, Recorded
from domain.orders.context import Situation, context_of
from domain.orders.deadline_events import DeadlinePassed
from domain.orders.order import Order
from domain.paths.conditions import Answer, Condition, evaluate
from domain.paths.path import OrderPath
from domain.rules.book import InForce, Published
from domain.rules.conditions import ONLY_RULES, compiled
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, unversioned

_NO_ORDER: Final = UUID(int=0)  # no condition names it
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


@dataclass(frozen=True, slots=True)
class Cause:
    """What conditions see of the event that makes a rule look."""

    type: str  # what has happened, as rules call it
    source: str  # who told of it
    level: str  # of a deadline that has passed; else the empty text
    actor_kind: ActorKind  # who did it
    actor_id: str


# What of an order's state its fields are made of; of those that are not named, anything.
_MONEY: Final = ("ledger", "items", "totals", "placed")
_SHAPED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "path": ("path",),
    "status": ("timeline",),
    "stage": ("timeline", "path_version", "path"),
    "owner_user": ("owner_user",),
    "owner_group": ("owner_group",),
    "payment_status": _MONEY,
    "refund_status": _MONEY,
    "paid_minor": _MONEY,
    "items_status": ("items",),
    "total_minor": _MONEY,
    "track_number": ("fields",),
    "track_numbers": ("fields", "shipments"),
    "delivery_method": ("fields", "placed"),
}
_SHAPING: Final = tuple({one.name for one in fields(Order)} - {"version", "last_occurred_at"})


@dataclass
class Sight:
    """An event as rules see it, with the order before and behind it."""

    happened: Recorded
    before: Order = field(default_factory=Order)
    after: Order = field(default_factory=Order)  # one that never was, where it is not of an order
    path: OrderPath | None = None  # that it follows behind the event; None: not known
    path_before: OrderPath | None = None  # the event; None: also where it was not there yet
    customer: Customer | None = None  # if a rule asks
    led_by: Cause | None = None  # what is judged again; None: the event itself

    @cached_property
    def order_id(self) -> UUID | None:
        """None: it happened to something else."""
        return UUID(self.happened.entity_id) if self.after.exists else None

    @cached_property
    def name(self) -> str:
        """What happened, as rules call it."""
        return unversioned(self.happened.event.NAME)

    @cached_property
    def cause(self) -> Cause:
        """What conditions are told of."""
        one = self.happened
        level = one.event.level if isinstance(one.event, DeadlinePassed) else ""
        kind = cast(ActorKind, one.actor_kind)
        return self.led_by or Cause(self.name, one.source, level, kind, one.actor_id)

    @cached_property
    def new_track_numbers(self) -> str:
        """Those that the order has, and has not had in this status before."""
        after = self.after
        had = after.numbers_had
        return " ".join(one for one in after.track_numbers if (after.status, one) not in had)

    def change(self, name: str) -> Change | None:
        """Give how a field has changed; None: it has not."""
        shaping = _SHAPED_BY.get(name, _SHAPING)
        before, after = self.before.__dict__, self.after.__dict__
        if all(before[one] is after[one] for one in shaping):
            return None
        old, new = _text(self._was[name]), _text(self._is[name])
        return Change(name, old, new) if old != new else None

    @cached_property
    def _was(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self._seen(self.before, self.path_before)["order"])

    @cached_property
    def _is(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self._now["order"])

    @cached_property
    def _now(self) -> Mapping[str, Any]:
        return self._seen(self.after, self.path)

    def _seen(self, order: Order, path: OrderPath | None) -> Mapping[str, Any]:
        situation = Situation(
            order_id=_NO_ORDER,
            order=order,
            path=path or _NO_PATH,
            actor=_actor(self.cause.actor_kind, self.cause.actor_id),
            now=self.happened.occurred_at,
            facts=Facts(customer=self.customer),
        )
        return context_of(situation)

    def context(self, change: Change) -> Mapping[str, Any]:
        """Give the variables of conditions: one for whoever asks, but for the change."""
        return _Context(self._now, self, change)


@lru_cache(maxsize=10_000)
def _actor(kind: ActorKind, name: str) -> Actor:
    return Actor(kind=kind, id=name)


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
            cause = self._sight.cause
            said = {"type": cause.type, "source": cause.source, "level": cause.level}
            return said | {"new_track_numbers": self._sight.new_track_numbers}
        if name == "order" and not self._sight.after.exists:
            return None
        return self._order[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._order, **dict.fromkeys(ONLY_RULES)})

    def __len__(self) -> int:
        return len(self._order) + len(ONLY_RULES)


def looking(rules: InForce, sight: Sight) -> list[tuple[Published, Change]]:
    """Give the rules that look at an event, each once, with the change that they look at, NONE
    where it is the event as such; in the order in which they act.
    """
    found = {one.name: (one, NONE) for one in rules.by_event.get(sight.name, ())}
    if rules.by_field and sight.after.exists:
        for name, watching in rules.by_field.items():
            change = sight.change(name)
            if change is not None:
                for one, on in watching:
                    if is_meant(on, change):
                        found.setdefault(one.name, (one, change))
    if len(found) < 2:
        return [*found.values()]
    return sorted(found.values(), key=lambda pair: rules.places[pair[0].name])


def is_meant(on: OnChange, change: Change) -> bool:
    was = not on.from_ or change.old in on.from_
    return was and (not on.to or change.new in on.to)


def ask(sight: Sight, asked: Sequence[tuple[Rule, Change]]) -> Iterator[Mapping[str, Answer]]:
    """Give the answer to each condition of each rule, by its name. Alike ones are asked once."""
    shared = dict.fromkeys(source for rule, _ in asked for source in rule.alike)
    known = _answers(sight, NONE, tuple(shared))
    of_changes: dict[tuple[Change, tuple[str, ...]], Mapping[str, Answer]] = {}
    for rule, change in asked:
        answers: Mapping[str, Answer] = known
        if rule.of_change:
            key = change, rule.of_change
            if key not in of_changes:
                of_changes[key] = known | _answers(sight, *key)
            answers = of_changes[key]
        yield {name: answers[source] for name, source in rule.if_.items()}


def _answers(sight: Sight, change: Change, sources: tuple[str, ...]) -> dict[str, Answer]:
    if not sources:
        return {}
    answers = evaluate(_compiled(sources), sight.context(change))
    return dict(zip(sources, answers, strict=True))


@lru_cache(maxsize=10_000)
def _compiled(sources: tuple[str, ...]) -> Sequence[Condition]:
    return tuple(compiled(source) for source in sources)


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
