"""By which way of its path an order came to each status: what allowed the move, and what was asked.

The path never changes once it is published, so it is looked up in the version that the order was
pinned to at that moment. Used by services.why and services.history.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal, Protocol

from domain.facts import PathKey
from domain.messages import Recorded
from domain.orders import events as e
from domain.orders.order import Order
from domain.paths.asking import asked_for
from domain.paths.path import OrderPath
from domain.paths.transitions import Follow, Transition
from domain.reading import evolved

# started:  it was placed there               moved:    somebody, or a rule, sent it there
# followed: it went on by itself, as its path says under `follow`
# migrated: another version, or path, has it there
# recorded: another system told of it, and nobody was asked
How = Literal["started", "moved", "followed", "migrated", "recorded"]
ORDER: Final = "order-"  # streams of orders begin so


class PathLog(Protocol):
    """The log for who asks what a path allowed. infra.event_log is the one behind it."""

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]:
        """Give published paths; what was never published is missing."""


@dataclass(frozen=True, slots=True)
class Step:
    """A status that an order entered, and where it stood before."""

    recorded: Recorded
    how: How
    pinned: PathKey
    source: str | None
    target: str


@dataclass(frozen=True, slots=True)
class Way:
    """What the path had to say to a step."""

    step: Step
    path: OrderPath | None  # None: it is not in the log

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys."""
        step = self.step
        name, version = step.pinned
        return {
            "how": step.how,
            "path": name,
            "path_version": version,
            "from": step.source,
            "to": step.target,
            "transition": self._transition(),
            "starts": self._starts(),
            "follow": self._follow(),
            "nonconforming": list(getattr(step.recorded.event, "nonconforming", ())),
        }

    def _transition(self) -> dict[str, Any] | None:
        """Give the rule of the path, with what it asked of whoever moved the order."""
        step, path = self.step, self.path
        if path is None or step.how not in ("moved", "followed") or step.source is None:
            return None
        rule = path.matrix.get((step.source, step.target))
        return None if rule is None else _asked(path, step, rule)

    def _starts(self) -> list[str | None]:
        """Give the conditions of the path on beginning there, None for one that always holds."""
        if self.path is None or self.step.how != "started":
            return []
        return [one.when for one in self.path.initial if one.status == self.step.target]

    def _follow(self) -> dict[str, Any] | None:
        found = self._rules_to_follow() if self.step.how == "followed" else ()
        return next((one.model_dump(mode="json") for one in found), None)

    def _rules_to_follow(self) -> Iterator[Follow]:
        for one in self.path.follow if self.path else ():
            if one.to == self.step.target and self.step.source in one.from_:
                yield one


def ways_of(log: PathLog, events: Iterable[Recorded]) -> dict[int, Way]:
    """Give the way of every status that orders entered, by the position of its event.

    events: all of each order, from its first one on, in the order of its stream
    """
    steps = [*_steps(events)]
    paths = log.load_paths([*dict.fromkeys(step.pinned for step in steps)])
    return {step.recorded.position: Way(step, paths.get(step.pinned)) for step in steps}


def _steps(events: Iterable[Recorded]) -> Iterator[Step]:
    for stream, happened in groupby(events, key=lambda one: one.stream_id):
        if stream.startswith(ORDER):
            yield from _steps_of_order(happened)


def _steps_of_order(events: Iterable[Recorded]) -> Iterator[Step]:
    order, command = Order(), None
    for one in events:
        before, order = order, evolved(one.stream_id, order, one)
        match one.event:
            case e.OrderPlaced() | e.StatusRecorded() as told:
                pinned = (told.path, told.path_version)
                placed_here = isinstance(told, e.OrderPlaced) and one.fact_id is None
                how: How = "started" if placed_here else "recorded"
                target = told.status if isinstance(told, e.OrderPlaced) else told.to_status
                yield Step(one, how, pinned, before.status, target)
            case e.StatusChanged(from_status=source, to_status=target):
                # A move is the first that its command says; what an order follows comes behind it.
                how = "followed" if one.command_id == command else "moved"
                yield Step(one, how, before.pinned, source, target)
            case e.PathMigrated(entered=True) as moved:
                pinned = (moved.path, moved.path_version)
                yield Step(one, "migrated", pinned, moved.from_status, moved.to_status)
            case _:
                pass
        command = one.command_id


def _asked(path: OrderPath, step: Step, rule: Transition) -> dict[str, Any]:
    """Say what was asked; of an order that follows its pieces only what holds of itself."""
    by_somebody = step.how == "moved"
    approval = rule.approval if by_somebody else None
    entered = path.statuses[step.target].on_enter
    return {
        "from": list(rule.from_),
        "to": list(rule.to),
        "roles": list(rule.roles) if by_somebody else [],
        "guards": [one.model_dump(mode="json") for one in rule.guards],
        "require": list(asked_for(path, step.target, rule)) if by_somebody else [],
        "reasons": list(rule.reasons) if by_somebody else [],
        "approval": approval.model_dump(mode="json") if approval else None,
        "override": rule.override,
        "documents": list(entered.documents) if entered else [],
    }
