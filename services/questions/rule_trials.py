"""What is asked of what rules did and may do: their runs, their shadows, which leads to which.

What a rule would have done to all that has happened is no question: `orderpath rule backtest`
reads days of the log, and does so beside it.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from domain.refusals import Absent
from projections.reports.effects import count_waiting
from projections.reports.rule_runs import MOST_LISTED, compare_shadow, list_runs
from services.questions.question import Asked, OrderRef, Ref, question
from services.reading import find_order, latest_paths
from services.rules import picture as pictures
from services.rules.published import latest_rules

if TYPE_CHECKING:
    from services.bootstrap import System

RuleName = Annotated[Ref, Field(description="as rule.list names it", examples=["paid_to_assembly"])]


class RuleRuns(Asked):
    """What a rule said to an order."""

    order: OrderRef
    rule: RuleName
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="runs at most")] = MOST_LISTED


class ShadowRule(Asked):
    """What a rule in shadow would have done, and what people did."""

    rule: RuleName
    days: Annotated[int, Field(ge=1, le=36_500, description="so many days back")] = 30


class RuleWaiting(Asked):
    """The messages that a rule has asked for, and that wait."""

    rule: RuleName


class RuleGraph(Asked):
    """Which published rule can lead to which."""


class RulePicture(Asked):
    """The same as a picture."""


@question("rule.runs", "/orders/{order}/rules/{rule}/runs", reads="tables")
def runs(system: "System", asked: RuleRuns) -> dict[str, Any]:
    """Say what a rule said to an order, and why it did not act."""
    order_id = find_order(system, asked.order)
    _check_published(system, asked.rule)
    with system.snapshot() as reader:
        found = list_runs(reader, order_id, asked.rule, limit=asked.limit)
    return {"order_id": order_id, "rule": asked.rule, "runs": found}


@question("rule.shadow", "/rules/{rule}/shadow", reads="tables")
def shadow(system: "System", asked: ShadowRule) -> dict[str, Any]:
    """Set what a rule in shadow would have done beside what people did."""
    _check_published(system, asked.rule)
    with system.snapshot() as reader:
        moves = compare_shadow(reader, asked.rule, since=timedelta(days=asked.days))
    return {"rule": asked.rule, "days": asked.days, "moves": moves}


@question("rule.waiting", "/rules/{rule}/waiting", reads="tables")
def waiting(system: "System", asked: RuleWaiting) -> dict[str, int]:
    """Count the messages that a rule has asked for and that wait, by their state."""
    with system.snapshot() as reader:
        return count_waiting(reader, asked.rule)


@question("rule.graph", "/rule-graph", reads="log")
def graph(system: "System", asked: RuleGraph) -> list[dict[str, str]]:
    """Say which published rule can lead to which. Rules that are off are left out."""
    edges = pictures.edges(*_rules_and_paths(system))
    return [{"rule": one, "leads_to": other, "by": by} for one, other, by in edges]


@question("rule.picture", "/rule-picture", reads="log")
def picture(system: "System", asked: RulePicture) -> dict[str, str]:
    """Draw which published rule can lead to which, in Mermaid."""
    return {"mermaid": pictures.mermaid(*_rules_and_paths(system))}


def _check_published(system: "System", rule: str) -> None:
    """Raises: Absent"""
    if rule not in system.log.names("rule"):
        raise Absent(f"no rule {rule} is published: `orderpath rule list` names them")


def _rules_and_paths(system: "System") -> tuple[list[Any], list[Any]]:
    published = [one.definition for one in latest_rules(system)]
    return published, [one.definition for one in latest_paths(system).values()]
