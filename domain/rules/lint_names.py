"""Lint: who is told and is not there, templates, endpoints and calendars that there are not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from domain.hints import hint
from domain.paths.findings import Finding
from domain.paths.lint_owners import Kind, KnownOwners
from domain.paths.names import Place
from domain.rules import actions as a
from domain.rules.findings import Known, Told
from domain.rules.occasions import is_of_stock
from domain.rules.rule import Rule
from domain.rules.triggers import OnSchedule

_OF_ORDERS = (a.Move, a.SetField, a.Assign, a.IssueDocument, a.WriteNote)
_OF_CUSTOMERS = (a.TagCustomer, a.UntagCustomer, a.MarkCustomer)


def list_name_findings(rule: Rule, known: Known) -> Iterator[Finding]:
    """Give every name that nobody knows, as far as it is known what there is."""
    if known.owners is not None:
        yield from _owners(rule, known.owners)
    yield from _unknown_teams(rule, known.teams)
    yield from _unknown_templates(rule, known.templates)
    yield from _unknown_endpoints(rule, known.endpoints)
    yield from _unknown_calendars(rule, known.calendars)
    yield from _without_order(rule)


def list_unknown_rules(rules: Sequence[Rule], there: Set[str]) -> Iterator[Told]:
    """Give every rule that another one asks why it has not acted, and that is not there."""
    for rule in rules:
        if rule.why_not is not None and rule.why_not not in there:
            finding = Finding(
                code="rule_unknown",
                severity="warning",
                place=("why_not",),
                message=_missing("rule", rule.why_not, there),
                why="nobody is told what has not held",
                needed="write one that there is, or publish it first",
            )
            yield Told((rule.rule,), finding)


def _owners(rule: Rule, owners: KnownOwners) -> Iterator[Finding]:
    there = {"user": frozenset(owners.users), "group": frozenset(owners.groups)}
    for place, who in _somebody(rule):
        for kind, name in who.items():
            if name not in there[kind]:
                yield Finding(
                    code="owner_inactive",
                    severity="warning",
                    place=(*place, kind),
                    message=f"there is no {kind} {name} any more",
                    why="what the rule does for them reaches nobody",
                    needed="name somebody who is there",
                )


def _somebody(rule: Rule) -> Iterator[tuple[Place, Mapping[Kind, str]]]:
    for number, action in enumerate(rule.then):
        match action:
            case a.Assign(assign=who):
                yield ("then", number, "assign"), who
            case a.GiveTask(to=to) | a.RaiseAlert(to=to) | a.Notify(to=to) if isinstance(to, dict):
                yield ("then", number, "to"), to
            case _:
                pass


def list_shared_groups(rules: Iterable[Rule]) -> set[str]:
    """Name the groups of which rules choose a member."""
    return {group for rule in rules for _, group in _shared_groups(rule)}


def _shared_groups(rule: Rule) -> Iterator[tuple[Place, str]]:
    for number, action in enumerate(rule.then):
        if isinstance(action, a.Assign) and action.by is not None and "group" in action.assign:
            yield ("then", number, "assign", "group"), action.assign["group"]


def _unknown_teams(rule: Rule, there: Set[str] | None) -> Iterator[Finding]:
    for place, group in _shared_groups(rule):
        if _is_missing(group, there):
            yield Finding(
                code="team_unknown",
                severity="warning",
                place=place,
                message=f"the group {group} never had a member",
                why="there is nobody to choose, and the order stays with whom it is",
                needed=f"say who belongs to it: `orderpath team set USER --group {group}`",
            )


def _unknown_templates(rule: Rule, there: Set[str] | None) -> Iterator[Finding]:
    for number, action in enumerate(rule.then):
        if isinstance(action, a.Notify) and _is_missing(action.template, there):
            yield Finding(
                code="template_unknown",
                severity="error",
                place=("then", number, "template"),
                message=_missing("template", action.template, there),
                why="the message has nothing to say, and is not sent",
                needed="write one that there is, or publish it first",
            )


def _unknown_endpoints(rule: Rule, there: Set[str] | None) -> Iterator[Finding]:
    for number, action in enumerate(rule.then):
        if isinstance(action, a.CallWebhook) and _is_missing(action.webhook, there):
            yield Finding(
                code="endpoint_unknown",
                severity="error",
                place=("then", number, "webhook"),
                message=_missing("endpoint", action.webhook, there),
                why="nobody is called",
                needed="write one that there is, or name it in the settings",
            )


def _unknown_calendars(rule: Rule, there: Set[str] | None) -> Iterator[Finding]:
    for place, name in _calendars(rule):
        if _is_missing(name, there):
            yield Finding(
                code="calendar_unknown",
                severity="error",
                place=place,
                message=_missing("calendar", name, there),
                why="nobody knows the hours that the rule goes by",
                needed="write one that there is, or publish it first",
            )


def _calendars(rule: Rule) -> Iterator[tuple[Place, str]]:
    for number, trigger in enumerate(rule.on):
        if isinstance(trigger, OnSchedule):
            yield ("on", number, "schedule", "calendar"), trigger.schedule.calendar
    if rule.hours is not None:
        yield ("hours",), rule.hours


def _is_missing(name: str, there: Set[str] | None) -> bool:
    return there is not None and name not in there


def _missing(kind: str, name: str, there: Set[str] | None) -> str:
    return f"there is no {kind} {name}{hint(name, sorted(there)) if there else ''}"


def _without_order(rule: Rule) -> Iterator[Finding]:
    """A stock has no order, no customer and no owner that something could be done for."""
    if not is_of_stock(rule):
        return
    for number, action in enumerate(rule.then):
        to = getattr(action, "to", None)
        if isinstance(action, (*_OF_ORDERS, *_OF_CUSTOMERS)) or to in ("owner", "customer"):
            yield Finding(
                code="order_missing",
                severity="error",
                place=("then", number),
                message="a stock has no order, no owner and no customer",
                why="the rule fires, and this is never done",
                needed="name a user or a group, or look at events of orders",
            )
