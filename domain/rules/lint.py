"""What is allowed in rules and yet not well. `Rule` refuses mistakes; this says the rest.

One file for each topic: lint_conditions, lint_moves, lint_names of each rule alone; lint_chains,
lint_circles, lint_conflicts of all together. Called by `orderpath rule lint`.
"""

from collections.abc import Iterator, Sequence

from domain.paths.findings import Finding
from domain.paths.lint import rank_of
from domain.rules.findings import Known, Told
from domain.rules.lint_chains import list_long_chains
from domain.rules.lint_circles import list_circles
from domain.rules.lint_conditions import list_condition_findings
from domain.rules.lint_conflicts import list_conflicts
from domain.rules.lint_moves import list_move_findings
from domain.rules.lint_names import list_name_findings, list_unknown_rules
from domain.rules.rule import Rule


def lint(rules: Sequence[Rule], known: Known) -> list[tuple[Rule, Finding]]:
    """Give everything that is not well in these rules, in the order of the rules and their keys.

    What two rules do to each other is told at the first one of these; that an other rule is not
    well is not told.
    """
    by_name = {rule.rule: rule for rule in rules}
    numbers = {rule.rule: number for number, rule in enumerate(rules)}
    found: list[tuple[Rule, Finding]] = []
    for names, finding in _told(rules, known):
        at = next((by_name[name] for name in names if name in by_name), None)
        if at is not None:
            found.append((at, finding))
    found.sort(key=lambda one: (numbers[one[0].rule], rank_of(one[0], one[1].place), one[1].code))
    return found


def _told(rules: Sequence[Rule], known: Known) -> Iterator[Told]:
    for rule in rules:
        for finding in (
            *list_condition_findings(rule, known.paths),
            *list_move_findings(rule, known.paths),
            *list_name_findings(rule, known),
        ):
            yield Told((rule.rule,), finding)
    names = {rule.rule for rule in rules}
    others = [other for other in known.others if other.rule not in names]
    yield from list_unknown_rules(rules, names | {other.rule for other in others})
    linted, beside = ([rule for rule in ones if rule.mode != "off"] for ones in (rules, others))
    acting = [*linted, *beside]
    yield from list_circles(acting, known.paths)
    yield from list_long_chains(acting, known.paths)
    yield from list_conflicts(linted, beside)
