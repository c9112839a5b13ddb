"""Lint: who is told and is not there, templates, endpoints and calendars that there are not."""

from collections.abc import Iterator, Mapping, Set

from domain.hints import hint
from domain.paths.findings import Finding
from domain.paths.lint_owners import Kind, KnownOwners
from domain.paths.names import Place
from domain.rules import actions as a
from domain.rules.findings import Known
from domain.rules.occasions import is_of_stock
from domain.rules.rule import Rule
from domain.rules.triggers import OnSchedule

_OF_ORDERS = (a.Move, a.SetField, a.Assign, a.IssueDocument, a.WriteNote)
_OF_CUSTOMERS = (a.TagCustomer, a.UntagCustomer, a.MarkCustomer)


def list_name_findings(rule: Rule, known: Known) -> Iterator[Finding]:
    """Give every name that nobody knows, as far as it is known what there is."""
    if known.owners is not None:
        yield from _owners(rule, known.owners)
    yield from _missing(known.templates, "template", _templates(rule))
    yield from _missing(known.endpoints, "endpoint", _endpoints(rule))
    yield from _missing(known.calendars, "calendar", _calendars(rule))
    yield from _without_order(rule)


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


def _missing(
    there: Set[str] | None, kind: str, used: Iterator[tuple[Place, str]]
) -> Iterator[Finding]:
    for place, name in used:
        if there is not None and name not in there:
            yield Finding(
                code=f"{kind}_unknown",
                severity="error",
                place=place,
                message=f"there is no {kind} {name}{hint(name, sorted(there)) if there else ''}",
                why="what the rule does with it fails every time",
                needed=f"write a {kind} that there is" if there else f"publish the {kind} first",
            )


def _templates(rule: Rule) -> Iterator[tuple[Place, str]]:
    for number, action in enumerate(rule.then):
        if isinstance(action, a.Notify):
            yield ("then", number, "template"), action.template


def _endpoints(rule: Rule) -> Iterator[tuple[Place, str]]:
    for number, action in enumerate(rule.then):
        if isinstance(action, a.CallWebhook):
            yield ("then", number, "webhook"), action.webhook


def _calendars(rule: Rule) -> Iterator[tuple[Place, str]]:
    for number, trigger in enumerate(rule.on):
        if isinstance(trigger, OnSchedule):
            yield ("on", number, "schedule", "calendar"), trigger.schedule.calendar
    if rule.hours is not None:
        yield ("hours",), rule.hours


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
