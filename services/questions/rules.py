"""What is asked of rules: which there are, what they say, how often they fired."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from domain.messages import Name
from projections.reports.rule_runs import count_fired
from services.questions.question import Asked, question
from services.rules import rule_words as words
from services.rules.published import PublishedRule, known_rule, latest_rules

if TYPE_CHECKING:
    from services.bootstrap import System

FIRED_DAYS: Final = 30


class Rules(Asked):
    """The published rules."""


class ShowRule(Asked):
    """One version of a rule."""

    rule: Annotated[Name, Field(examples=["paid_to_assembly"])]
    version: Annotated[int | None, Field(ge=1, description="by default the latest")] = None


@question("rule.list", "/rules", reads="tables")
def rules(system: "System", asked: Rules) -> list[dict[str, Any]]:
    """List the rules in the order in which they act, and whether each ever did."""
    if not (published := latest_rules(system)):
        return []
    since = system.clock() - timedelta(days=FIRED_DAYS)
    with system.snapshot() as reader:
        fired = count_fired(reader, [one.definition.rule for one in published], since)
    told = ((one, fired[one.definition.rule]) for one in published)
    return [
        _row(one)
        | {"last_fired_at": how["last_fired_at"], f"fired_{FIRED_DAYS}d": how["fired_since"]}
        for one, how in told
    ]


@question("rule.show", "/rules/{rule}", reads="log")
def show(system: "System", asked: ShowRule) -> dict[str, Any]:
    """Show a rule: when it looks, what has to hold, what it does."""
    known = known_rule(system, asked.rule, asked.version)
    return {
        "rule": asked.rule,
        "version": known.version,
        "published_at": known.published_at,
        "published_by": known.published_by,
        "definition": known.definition.model_dump(mode="json"),
    }


def _row(one: PublishedRule) -> dict[str, Any]:
    rule = one.definition
    return {
        "order": rule.order,
        "rule": rule.rule,
        "mode": rule.mode,
        "version": one.version,
        "when": words.when_words(rule),
        "if": words.if_words(rule),
        "what": words.what_words(rule),
    }
