"""Lint: rules that can lead to each other in a circle."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from domain.errands import go_on
from domain.paths.findings import Finding
from domain.paths.path import OrderPath
from domain.rules.findings import Told
from domain.rules.judge import MAX_CHAIN
from domain.rules.leading import DEADLINE, leads_on, traces_of
from domain.rules.rule import Rule
from domain.rules.triggers import OnSilence

MAX_CIRCLES = 100  # that are told of


def list_circles(rules: Sequence[Rule], paths: Collection[OrderPath]) -> Iterator[Told]:
    """Give each circle once, at the rule that stands first in it."""
    before = led_to(rules, paths)
    for _ in range(MAX_CIRCLES):
        go_on()
        circle = _circle(before)
        if circle is None:
            return
        before[circle[-1]].discard(circle[-2])  # One circle less.
        of_circle = [rule for rule in rules if rule.rule in circle]
        yield Told(circle[:-1], _finding(circle, _how_it_ends(of_circle)))


def led_to(
    rules: Sequence[Rule], paths: Collection[OrderPath], *, but_for_the_clock: bool = False
) -> dict[str, set[str]]:
    """Name, for each rule, those that lead to it, and it on to something else.

    but_for_the_clock: within one chain, which begins anew with what the clock says
    """
    traces = {rule.rule: traces_of(rule, paths) for rule in rules}
    before: dict[str, set[str]] = {}
    for other in rules:
        go_on()
        before[other.rule] = {
            name
            for name, left in traces.items()
            if leads_on(left, other, traces[other.rule], but_for_the_clock=but_for_the_clock)
        }
    return before


def _circle(before: Mapping[str, Collection[str]]) -> list[str] | None:
    """Give the rules of a circle in their order, the first one again at the end."""
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return None


def _how_it_ends(rules: Sequence[Rule]) -> str:
    if any(isinstance(trigger, OnSilence) for rule in rules for trigger in rule.on):
        return (
            "silence begins anew each time, until a rule has done as much for the order as it may"
        )
    if any(DEADLINE in rule.events for rule in rules):
        return "a time limit begins anew each time, until a rule is stopped"
    if len(rules) > MAX_CHAIN:
        return f"after {MAX_CHAIN} rules the next one does nothing, each time that it begins"
    return f"after {MAX_CHAIN} rules they are stopped, and the youngest only judges from then on"


def _finding(circle: Sequence[str], why: str) -> Finding:
    alone = len(circle) == 2
    return Finding(
        code="rules_in_circle",
        severity="warning",
        place=("then",),
        message=f"{circle[0]} can lead to itself"
        if alone
        else f"in a circle: {' > '.join(circle)}",
        why=why,
        needed="ask for something that does not hold the second time",
    )
