"""Lint: two rules that want different things of an order on the same event."""

from collections.abc import Iterator, Sequence

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


def list_conflicts(rules: Sequence[Rule], beside: Sequence[Rule] = ()) -> Iterator[Told]:
    """Give each two rules that can fire together and set the same to something else.

    beside: held against the rules, and not against each other
    """
    for number, one in enumerate(rules):
        for other in (*rules[number + 1 :], *beside):
            go_on()
            clash = find_clash(one, other)
            if clash is not None and one.delay == other.delay and _can_fire_together(one, other):
                first, second = sorted((one, other), key=lambda rule: (rule.order, rule.rule))
                yield Told((one.rule, other.rule), _finding(clash, first.rule, second.rule))


def _can_fire_together(one: Rule, other: Rule) -> bool:
    asked = dict.fromkeys(
        (_conditions_at(one, ours, other, theirs), _statuses_at(one, ours, other, theirs))
        for ours in one.on
        for theirs in other.on
        if _on_one_event(ours, theirs)
    )
    return any(_agree(*each) for each in asked)


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


def _conditions_at(one: Rule, ours: Trigger, other: Rule, theirs: Trigger) -> tuple[str, ...]:
    sources = (*one.if_.values(), *other.if_.values())
    if getattr(ours, "change", None) == getattr(theirs, "change", None):
        return sources
    # Each of them sees another change.
    return tuple(source for source in sources if "change" not in compiled(source).reads)


def _statuses_at(one: Rule, ours: Trigger, other: Rule, theirs: Trigger) -> frozenset[str] | None:
    """Give the statuses that both triggers name; None: whatever it is."""
    statuses = [
        frozenset(on.to)
        for rule, on in ((one, ours), (other, theirs))
        if isinstance(on, OnChange) and on.change == "status" and on.to and not rule.waits
    ]
    return frozenset.intersection(*statuses) if statuses else None


def _agree(sources: Sequence[str], statuses: frozenset[str] | None) -> bool:
    domains = {} if statuses is None else {"order.status": statuses}
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
