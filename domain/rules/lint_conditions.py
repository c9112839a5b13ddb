"""Lint: conditions of rules that no order can meet, and values that no path has."""

from collections.abc import Iterator, Sequence

from domain.hints import hint
from domain.paths.cel_syntax import parse_cel
from domain.paths.findings import Finding
from domain.paths.lint_conditions import unknown_values
from domain.paths.names import Place
from domain.paths.path import OrderPath
from domain.paths.provable import Domains, can_be
from domain.rules.occasions import domains_for, is_of_stock, merged, statuses_of
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnSchedule, OnSilence


def list_condition_findings(rule: Rule, paths: Sequence[OrderPath]) -> Iterator[Finding]:
    """Give what can be proved of a rule's triggers and conditions, one by one and together."""
    if is_of_stock(rule) or not paths:
        return
    by_path = [domains_for(rule, path, ["", *path.statuses]) for path in paths]
    defined = merged(by_path)
    told = [*_unknown_in_triggers(rule, defined), *_alone(rule, by_path, defined)]
    if not told and not any(statuses_of(rule, path) for path in paths):
        told = [_never_together()]
    yield from told


def _alone(rule: Rule, by_path: Sequence[Domains], defined: Domains) -> Iterator[Finding]:
    for name, source in rule.if_.items():
        node, place = parse_cel(source), ("if", name)
        if unknown := [*unknown_values(defined, place, node)]:
            yield from unknown
        elif not any(can_be([(node, True)], domains) for domains in by_path):
            yield _never(place)


def _unknown_in_triggers(rule: Rule, defined: Domains) -> Iterator[Finding]:
    for number, trigger in enumerate(rule.on):
        match trigger:
            case OnChange(change=name, from_=old, to=new):
                for key, values in (("from", old), ("to", new)):
                    yield from _unknown(("on", number, key), f"order.{name}", values, defined)
            case OnSilence(in_=statuses) | OnSchedule(in_=statuses):
                yield from _unknown(("on", number, "in"), "order.status", statuses, defined)
            case _:
                pass


def _unknown(
    place: Place, field: str, values: Sequence[str], defined: Domains
) -> Iterator[Finding]:
    there = defined.get(field)
    for index, value in enumerate(values):
        if there is not None and value and value not in there:
            yield Finding(
                code="value_unknown",
                severity="error",
                place=(*place, index),
                message=f"{field} never is {value!r}{hint(value, sorted(map(str, there)))}",
                why="the rule never looks for it",
                needed="write a value that there is",
            )


def _never(place: Place) -> Finding:
    return Finding(
        code="condition_never",
        severity="error",
        place=place,
        message="it holds for no order",
        why="the rule never fires, and nobody sees why",
        needed="ask for something that can be, or take the rule out",
    )


def _never_together() -> Finding:
    return Finding(
        code="conditions_contradict",
        severity="error",
        place=("if",),
        message="where the rule looks, no order meets all of its conditions",
        why="each can hold and all never do, so the rule never fires",
        needed="take one of them out, or let the rule look at something else",
    )
