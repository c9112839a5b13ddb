"""The history of one rule: its published versions. Stream `rule-<name>`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import Code, Command, Decided, Event, Happened
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.paths.guards import calendars_are_published
from domain.publishing import Line, Publish, next_version, publish
from domain.refusals import Refusal, Unmet
from domain.rules.rule import Mode, Rule
from domain.told_numbers import ToldNumber


def stream_of(rule: str) -> str:
    """Name the stream of a rule."""
    return f"rule-{rule}"


class RulePublished(Event):
    """Fact: from its position on this version judges what happens, and no earlier one does."""

    NAME: ClassVar[str] = "rule.published.v1"

    rule: Code
    rule_version: Annotated[int, Field(ge=1)]
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published; not checked again at replay


class PublishRule(Publish):
    """Let a rule judge from now on, as it stands here."""

    NAME: ClassVar[str] = "rule.publish"

    definition: Rule

    @property
    def stream_id(self) -> str:
        return stream_of(self.definition.rule)


class SetRuleMode(Command):
    """Let a published rule act, only judge, or do neither, as its next version."""

    NAME: ClassVar[str] = "rule.set_mode"

    rule: Code
    mode: Mode
    of_version: ToldNumber | None = None  # only while this one is the latest

    @property
    def stream_id(self) -> str:
        return stream_of(self.rule)


@dataclass(frozen=True)
class RuleLine(Line):
    """State of the stream of a rule."""

    KIND = "rule"
    PUBLISHED = RulePublished

    turned_off_in: int = 0  # the latest version that was off, or only judged

    def evolve(self, happened: Happened) -> Self:
        """Give the history after one more publication."""
        line = super().evolve(happened)
        is_live = (line.definition or {}).get("mode", "live") == "live"
        return line if is_live else replace(line, turned_off_in=line.latest)


def publish_rule(command: PublishRule, states: Mapping[str, Any], now: datetime) -> list[Decided]:
    """Publish the next version. states: also of its calendars. Raises: Refusal"""
    named = command.definition.calendars
    there = [name for name in named if states[calendar_stream(name)].definition is not None]
    unmet = calendars_are_published(named, there)
    return publish(states[command.stream_id], command, now, unmet)


def set_mode(line: RuleLine, command: SetRuleMode, now: datetime) -> list[Decided]:
    """Publish the same in another mode, also one whose calendars are not there."""
    unmet = list(no_status_is_expected(command, "A rule"))
    if line.definition is None:
        unmet.append(
            Unmet(
                code="rule_unknown",
                field="rule",
                message=f"No rule {command.rule} is published",
                needed="publish it first: `orderpath rule list` names those that are",
            )
        )
    if unmet or line.definition is None:
        raise Refusal(*unmet)
    if command.of_version not in (None, line.latest):
        return []
    rule = Rule.as_published({**line.definition, "mode": command.mode})
    return next_version(line, rule, now)


COMMANDS: tuple[type[Command], ...] = (PublishRule, SetRuleMode)
