"""Lint: two rules that want different things of an order on the same event."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from domain.errands import go_on
from domain.paths.cel_syntax import parse_cel
from domain.paths.findings import Finding
from domain.paths.provable import can_be
from domain.rules.changed_by import CHANGED_BY
from domain.rules.clashes import find_clash
from domain.rules.conditions import compiled
from domain.rules.findings import Told
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnEvent, Trigger


def list_conflicts(rules: Sequence[Rule]) -> Iterator[Told]:
    """Give each two rules that can fire together and set the same to something else."""
    for one, other in combinations(rules, 2):
        go_on()
        clash = find_clash(one, other)
        if clash is not None and one.delay == other.delay and _can_fire_together(one, other):
            first, second = sorted((one, other), key=lambda rule: (rule.order, rule.rule))
            yield Told((one.rule, other.rule), _finding(clash, first.rule, second.rule))


def _can_fire_together(one: Rule, other: Rule) -> bool:
    return any(
        _on_one_event(ours, theirs) and _conditions_agree(one, ours, other, theirs)
        for ours in one.on
        for theirs in other.on
    )


def _on_one_event(one: Trigger, other: Trigger) -> bool:
    match one, other:
        case OnEvent(event=names), OnEvent(event=others):
            return not {*names}.isdisjoint(others)
        case (OnEvent(event=names), OnChange(change=field)) | (
            OnChange(change=field),
            OnEvent(event=names),
        ):
            return not CHANGED_BY[field].isdisjoint(names)
        case OnChange(), OnChange() if one.change == other.change:
            return _share(one.from_, other.from_) and _share(one.to, other.to)
        case OnChange(), OnChange():
            return not CHANGED_BY[one.change].isdisjoint(CHANGED_BY[other.change])
        case _:
            return False  # The clock comes to each by itself.


def _share(values: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two lists have something in common; an empty one is all values."""
    return not values or not others or not {*values}.isdisjoint(others)


def _conditions_agree(one: Rule, ours: Trigger, other: Rule, theirs: Trigger) -> bool:
    sources = [*one.if_.values(), *other.if_.values()]
    if getattr(ours, "change", None) != getattr(theirs, "change", None):
        # Each of them sees another change.
        sources = [source for source in sources if "change" not in compiled(source).reads]
    statuses = [
        frozenset(on.to)
        for rule, on in ((one, ours), (other, theirs))
        if isinstance(on, OnChange) and on.change == "status" and on.to and not rule.waits
    ]
    domains = {"order.status": frozenset.intersection(*statuses)} if statuses else {}
    return can_be([(parse_cel(source), True) for source in sources], domains)


def _finding(clash: str, first: str, second: str) -> Finding:
    return Finding(
        code="rules_conflict",
        severity="warning",
        place=("then",),
        message=f"{first} and {second} can set {clash} on the same event, each to something else",
        why=f"{first} acts first and {second} overrules it, or is refused: nobody sees which",
        needed="let one of them ask for what the other one does not, or make one rule of them",
    )
