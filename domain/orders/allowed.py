"""What may be done with an order now, and what stands against the rest.

The same guards as in decide, asked without a command: the two never disagree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.orders import guards, moves
from domain.orders.context import Situation
from domain.orders.effects import against_effects
from domain.orders.field_guards import field_may_be_edited
from domain.orders.fields import RIGHTS
from domain.paths.asking import asked_for
from domain.paths.transitions import Requirement
from domain.refusals import Unmet


@dataclass(frozen=True, slots=True)
class Move:
    """A status that the order could enter."""

    to_status: str
    asks: tuple[Requirement, ...]  # what has to be said with the move
    reasons: tuple[str, ...]  # reason codes that count, empty: any
    unmet: tuple[Unmet, ...]  # empty: it is open to whoever says what is asked

    @property
    def is_open(self) -> bool:
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Field:
    """A detail of the order that could be changed."""

    name: str
    unmet: tuple[Unmet, ...]  # empty: it may be edited

    @property
    def is_open(self) -> bool:
        return not self.unmet


def list_moves(situation: Situation) -> tuple[Move, ...]:
    """List every other status of the path, in the file's order, open or closed with all reasons."""
    return tuple(_moves(situation))


def list_fields(situation: Situation) -> tuple[Field, ...]:
    """List every detail with what stands against editing it."""
    order, path, actor = situation.order, situation.path, situation.actor
    finished = tuple(guards.not_final(order, path))
    return tuple(
        Field(name, (*finished, *field_may_be_edited(order, path, actor, name))) for name in RIGHTS
    )


def _moves(situation: Situation) -> Iterator[Move]:
    path, source = situation.path, situation.status
    rules = [moves.rule_of(path, source, target) for target in path.statuses]
    situation.foresee([guard.when for rule in rules for guard in rule.guards])
    for target in path.statuses:
        if target == source:
            continue
        rule = moves.rule_of(path, source, target)
        unmet = [*moves.move_is_open(situation, target), *against_effects(situation, target)]
        yield Move(target, asked_for(path, target, rule), rule.reasons, tuple(unmet))
