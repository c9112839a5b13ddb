"""The history of one rule: its published versions. Stream `rule-<name>`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import Code, Command, Decided, Event, Happened
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.paths.guards import calendars_are_published
from domain.refusals import Refusal, Unmet
from domain.rules.rule import Mode, Rule


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


class PublishRule(Command):
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
    of_version: Annotated[int, Field(ge=1)] | None = None  # only while this one is the latest

    @property
    def stream_id(self) -> str:
        return stream_of(self.rule)


@dataclass(frozen=True)
class RuleLine:
    """State of the stream: the latest published version, 0 if there is none."""

    version: int = 0
    rule_version: int = 0
    content_hash: str = ""
    definition: Mapping[str, Any] | None = None  # as published
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a rule belongs to no person

    def evolve(self, happened: Happened) -> "RuleLine":
        event = happened.event
        if not isinstance(event, RulePublished):
            raise TypeError(f"{type(event).__name__} is no event of a rule")
        return replace(
            self,
            version=happened.version,
            rule_version=event.rule_version,
            content_hash=event.content_hash,
            definition=event.definition,
            last_occurred_at=happened.occurred_at,
        )


def publish(command: PublishRule, states: Mapping[str, Any], now: datetime) -> list[Decided]:
    """Publish the next version; the same content again is nothing. states: also of its calendars"""
    named = command.definition.calendars
    there = [name for name in named if states[calendar_stream(name)].definition is not None]
    unmet = [*no_status_is_expected(command, "A rule"), *calendars_are_published(named, there)]
    if unmet:
        raise Refusal(*unmet)
    return _next(states[command.stream_id], command.definition, now)


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
    if command.of_version not in (None, line.rule_version):
        return []
    return _next(line, Rule.as_published({**line.definition, "mode": command.mode}), now)


def _next(line: RuleLine, rule: Rule, now: datetime) -> list[Decided]:
    if rule.content_hash == line.content_hash:
        return []
    event = RulePublished(
        rule=rule.rule,
        rule_version=line.rule_version + 1,
        content_hash=rule.content_hash,
        definition=rule.content,
    )
    return [Decided(event, now)]


COMMANDS: tuple[type[Command], ...] = (PublishRule, SetRuleMode)
