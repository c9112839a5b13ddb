"""What a rule has sent and is not decided yet, when the rule is turned off: it is nothing any more.

services.rounds reads the rule beside each of its commands, so nobody was faster.
"""

from collections.abc import Mapping
from typing import Any

from domain.messages import Command
from domain.rules.line import RuleLine, stream_of
from domain.rules.runs import rule_named


def rule_read(command: Command) -> tuple[str, ...]:
    """Name the stream of the rule that sent a command; none: no rule did."""
    sent_by = rule_named(command.actor.kind, command.source)
    return () if sent_by is None else (stream_of(sent_by[0]),)


def is_turned_off(command: Command, states: Mapping[str, Any]) -> bool:
    """Whether the rule that sent a command was turned off, or to shadow, since it judged."""
    sent_by = rule_named(command.actor.kind, command.source)
    if sent_by is None:
        return False
    name, version = sent_by
    line: RuleLine = states[stream_of(name)]
    return line.turned_off_in > version
