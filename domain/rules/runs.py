"""What judging gives: runs, what they send, and what they wait for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from domain.messages import Command, Recorded
from domain.paths.conditions import Answer
from domain.rules.book import InForce, Published
from domain.rules.judging import NONE, Cause, Change, Sight
from domain.rules.timers import Why

Result = Literal["fired", "skipped", "delayed", "cancelled", "stopped", "shadow"]
Stopped = Literal["loop", "depth", "per_order"]  # why a rule was not let go on
Cancelled = Literal["event", "retired"]
Chain = tuple[str, ...]  # the rules that led to something, the first one first


def sent_by_rule(happened: Recorded) -> UUID | None:
    """Name the command by which a rule may have led to an event: its own, or the one that a program
    of ours was at, as a sender is at the message that a rule asked for. Not so the clock: for as
    long as it waits, people may act.
    """
    match happened.actor_kind:
        case "trigger":
            return happened.command_id
        case "system":
            return happened.causation_id
        case _:
            return None


def rule_of(happened: Recorded) -> tuple[str, int] | None:
    """Name the rule that sent the command of an event, and its version; None: no rule did."""
    return rule_named(happened.actor_kind, happened.source)


def rule_named(actor_kind: str, source: str) -> tuple[str, int] | None:
    """Read who sent something as domain.rules.acts writes it."""
    kind, _, named = source.partition(":")
    name, _, version = named.rpartition(":")
    if actor_kind != "trigger" or kind != "rule" or not version.isdecimal():
        return None
    return name, int(version)


@dataclass(slots=True)  # One for every rule that looks: a frozen one takes thrice the time.
class Case:
    """One rule that looks at one event."""

    rules: InForce
    of: Published
    sight: Sight
    answers: Mapping[str, Answer] = field(default_factory=dict)  # by condition, if it was asked
    change: Change = NONE
    before: Chain = ()  # the rules that led to the event

    @property
    def chain(self) -> Chain:
        return (*self.before, self.of.name)

    @property
    def circle(self) -> Chain:
        """The part of the chain that went round, without who led to it or only looked: the one at
        its end, else the longest. Nothing where no rule came twice.
        """
        chain = self.chain
        parts = _gone_round(chain)
        return max(parts, key=lambda part: (part[-1] == chain[-1], len(part)), default=())


def _gone_round(chain: Chain) -> Iterator[Chain]:
    """Give the parts of a chain that went round: from a rule to where it, or one that came on the
    way there, came last.
    """
    latest = {name: place for place, name in enumerate(chain)}
    first = 0
    while first < len(chain):
        end = place = first
        while place <= end:
            end = max(end, latest[chain[place]])
            place += 1
        if end > first:
            yield chain[first : end + 1]
        first = end + 1


@dataclass(slots=True)  # As many as cases.
class Run:
    """What became of a case."""

    case: Case
    result: Result
    acts: Sequence[Command] = ()  # of a shadow: what it would have sent
    due_at: datetime | None = None  # of a delayed one
    why: Stopped | Cancelled | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """What a rule waits for: the end of a delay, or of silence."""

    wait_id: UUID
    order_id: UUID
    rule: str
    rule_version: int
    why: Why
    since: datetime  # it began
    due_at: datetime
    position: int  # of the event that it began with
    chain: Chain = ()  # that led to it
    change: Change = NONE
    cause: Cause | None = None  # of a delay: what made the rule look
