"""A round: commands decided in memory, one after the other, to be appended with one call.

Nothing here waits or locks. services.pipeline says when a round is appended, and what happens
to it if the log has moved meanwhile.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import structlog

from domain.attempts import attempt_on
from domain.batch import Answer, Appended, Log, NewEvent, StoredOutcome
from domain.catalog import (
    creates,
    creates_beside,
    decide_on,
    definitions_of,
    empty_state,
    more_streams_of,
    with_more,
)
from domain.customers.commands import EraseCustomer
from domain.due import decided_at
from domain.facts import Facts, PathKey
from domain.messages import Command, Decided, Foreseen, Outcome
from domain.orders.events import stream_of as order_stream
from domain.paths.commands import PublishPath
from domain.refusals import CommandIdReused, Conflict, Denied, InfraError, Refusal
from domain.roles.reach import checked, orders_beside, out_of_reach
from domain.rules.in_flight import is_turned_off, rule_read
from domain.teams.holding import holder_change
from services.command_queue import Answer as Settled
from services.command_queue import Pending
from services.earlier import Unanswered, read_by_earlier, with_earlier
from services.faults import place_of_fault
from services.states import StateCache

MAX_EVENTS: Final = 4_096  # of one round; a single command may bring more
OF_THE_SHOP: Final = ("series-", "stock-", "team-")  # streams that commands of orders write to
MAX_DEFINITIONS: Final = 1_000  # sets of them that are remembered

log_ = structlog.get_logger()


@dataclass(slots=True)
class Round:
    """Commands that are appended together: what was read, decided and answered."""

    read: dict[str, Any] = field(default_factory=dict)  # the states before the round, by stream
    states: dict[str, Any] = field(default_factory=dict)  # the same streams after it
    decided: list[tuple[Pending, Answer]] = field(default_factory=list)
    presumed: set[str] = field(default_factory=set)  # streams taken for new without a look
    found_stale: bool = False  # something remembered had moved when it was read again
    events: int = 0
    size: int = 0  # bytes of the bodies
    before: "Round | None" = None  # on its way; what it leaves behind is presumed to come true
    fresh: bool = False  # what is remembered is read again: it may have moved
    answered: dict[UUID, Answer] = field(default_factory=dict)  # the same, by the command's id
    publishes: bool = False  # what it defines can be looked up once it is appended

    @property
    def is_full(self) -> bool:
        return self.publishes or self.events >= MAX_EVENTS

    @property
    def pendings(self) -> list[Pending]:
        return [pending for pending, _ in self.decided]

    @property
    def answers(self) -> list[Answer]:
        return [answer for _, answer in self.decided]

    def on_their_way(self, ids: Iterable[UUID]) -> dict[UUID, Answer]:
        """Give the answers to commands of this round and of the one before it."""
        known = ChainMap(self.answered, self.before.answered if self.before is not None else {})
        return {id_: known[id_] for id_ in ids if id_ in known}

    @property
    def versions(self) -> dict[str, int]:
        """The version of every stream as it was read."""
        return {stream: state.version for stream, state in self.read.items()}

    def passed(self, events: int) -> list[str]:
        """Name the streams whose version passed so many events, twice as many, four times, …"""
        return [
            stream
            for stream, state in self.states.items()
            if (state.version // events).bit_length()
            > (self.read[stream].version // events).bit_length()
        ]

    def settled(
        self, appended: Appended, stored: Mapping[UUID, StoredOutcome]
    ) -> list[tuple[Pending, Settled]]:
        """Give every answer that is final; stored: the first answers of ids that were known."""
        settled: list[tuple[Pending, Settled]] = []
        position = appended.after
        for number, (pending, answer) in enumerate(self.decided):
            if number in appended.known:
                settled.append((pending, _first_answer(pending, stored)))
            elif number not in appended.set_back:
                settled.append((pending, _answer_at(answer, position)))
                position += len(answer.events)
        return settled

    def written(self, appended: Appended) -> int:
        """Count the events that were appended."""
        return sum(
            len(answer.events)
            for number, (_, answer) in enumerate(self.decided)
            if number not in appended.set_back
        )

    def doubtful(self, appended: Appended) -> set[str]:
        """Name the streams of which the round's states tell what is not in the log."""
        streams = set(appended.moved)
        for number in appended.set_back:
            streams |= self.decided[number][1].writes
        return streams


class Decider:
    """Decides commands on what is remembered and on the rounds that are on their way."""

    def __init__(self, cache: StateCache) -> None:
        self._cache = cache
        self._facts_of: dict[tuple[PathKey, ...], Facts] = {}  # as often asked for
        self.unanswered = Unanswered()
        self._reads_more = False  # some command did: looking ahead saves a query for each

    def prepare(
        self,
        log: Log,
        into: Round,
        batch: Sequence[Pending],
        before: Round | None,
        *,
        fresh: bool,
    ) -> None:
        """Bring the states that a batch reads into the round, with one query.

        before: a round whose append is on its way; its states are presumed to come true.
        fresh:  read also what is remembered, because it may have moved.
        """
        into.before, into.fresh = before, fresh
        coming = before.states if before is not None else {}
        states: dict[str, Any] = {}
        missing: list[str] = []
        for pending in batch:
            new = None if fresh else creates(pending.command)
            for stream in pending.reads:
                if stream in into.read or stream in states:
                    continue
                if stream in coming:
                    states[stream] = coming[stream]
                elif stream == new and stream not in self._cache:
                    states[stream] = empty_state(stream)
                    into.presumed.add(stream)
                else:
                    missing.append(stream)
        states |= self._cache.fetch(log, missing, fresh=fresh)
        into.found_stale |= self._cache.found_stale
        into.read |= states
        into.states |= states
        if self._reads_more:
            self._presume(into, batch)
            self._look(log, into, self._ahead(log, into, batch))

    def _presume(self, into: Round, batch: Iterable[Pending]) -> None:
        """Take what commands create beside their own streams for new, unless it is known."""
        if into.fresh:
            return
        coming = into.before.states if into.before is not None else {}
        for pending in batch:
            new = creates_beside(pending.command, into.states)
            if new is None or any(new in known for known in (into.states, coming, self._cache)):
                continue
            into.states[new] = into.read[new] = empty_state(new)
            into.presumed.add(new)

    def _ahead(self, log: Log, into: Round, batch: Iterable[Pending]) -> Iterable[str]:
        """Name what the batch will read besides, as far as it can be told before deciding."""
        ahead: dict[str, None] = {}
        for pending in batch:
            facts = self._facts(log, pending.command, into.states)
            ahead |= dict.fromkeys(more_streams_of(pending.command, into.states, facts))
            ahead |= dict.fromkeys(rule_read(pending.command))
        return ahead

    def decide(self, log: Log, into: Round, pending: Pending) -> Exception | None:
        """Decide one command on what the commands before it left behind.

        Returns the error of a decider that raises: it fails its own command only.
        Raises: InfraError, which says nothing about the command
        """
        self.unanswered.decided(pending.command)
        try:
            answer = self._answer(log, into, pending)
        except InfraError:
            raise
        except Denied as denied:
            return denied  # Not stored: who gets the right may send the same command again.
        except Exception as error:  # noqa: BLE001 - the caller gets it
            log_.error(
                "decider_failed",
                command_id=str(pending.command.command_id),
                name=pending.command.NAME,
                error=type(error).__name__,
                at=place_of_fault(error),
            )
            return error
        into.decided.append((pending, answer))
        into.answered[pending.command.command_id] = answer
        into.events += len(answer.events)
        into.size += pending.size
        into.publishes |= isinstance(pending.command, PublishPath)
        return None

    def _answer(self, log: Log, into: Round, pending: Pending) -> Answer:
        command, reads = pending.command, self._with_orders(log, into, pending)
        hidden = out_of_reach(command, reads, into.states)
        is_limited = command.actor.reach is not None
        states = ChainMap(hidden, into.states) if is_limited else into.states
        facts = self._facts(log, command, states)
        if more := (*rule_read(command), *more_streams_of(command, states, facts)):
            self._reads_more = True
            self._presume(into, [pending])
            self._look(log, into, more)
            hidden |= out_of_reach(command, tuple(more), into.states)
            reads = tuple(dict.fromkeys((*reads, *more)))
            facts = with_more(facts, states, more)
        facts = with_earlier(facts, command, log, into, self.unanswered)
        reads = self._with_earlier(log, into, command, reads)
        command, erasing = _knowing(log, command)
        target = states[reads[0]]
        if command.expected_version not in (None, target.version):
            found = {reads[0]: target.version}
            return Answer(command, pending.body_hash, "conflict", reads, versions=found)
        now = decided_at(command, pending.received_at, target.last_occurred_at)
        try:
            is_moot = is_turned_off(checked(command, states), states)
            decisions = {} if is_moot else decide_on(command, states, facts, now)
        except Denied:
            raise
        except Refusal as refusal:
            tried = _attempt(command, refusal, states, now)
            return Answer(command, pending.body_hash, "refused", reads, tried, refusal.unmet)
        if any(decisions.get(stream) for stream in hidden):
            raise TypeError(f"{command.NAME} writes to an order that is not there for it")
        events: list[NewEvent] = []
        after = _after(decisions, states, events)
        if change := holder_change(command, states, after, decisions, facts):
            self._look(log, into, change.streams)
            reads = (*reads, *change.streams)
            after |= _after(change.told(states, now), states, events)
        into.states.update(after)
        versions = {stream: state.version for stream, state in after.items()}
        kind: Literal["accepted", "nothing"] = "accepted" if events else "nothing"
        erases = erasing if events else ()
        return Answer(
            command,
            pending.body_hash,
            kind,
            reads,
            _sealed_with_order(command, into.states, events),
            versions=versions,
            erases=erases,
        )

    def _with_orders(self, log: Log, into: Round, pending: Pending) -> tuple[str, ...]:
        """Name what it reads, and the orders that decide whether its actor reaches that."""
        beside = orders_beside(pending.command, pending.reads, into.states)
        if not beside:
            return pending.reads
        self._look(log, into, beside)
        return tuple(dict.fromkeys((*pending.reads, *beside)))

    def _with_earlier(
        self, log: Log, into: Round, command: Command, reads: tuple[str, ...]
    ) -> tuple[str, ...]:
        beside = dict.fromkeys(read_by_earlier(command, into))
        if not beside:
            return reads
        self._look(log, into, beside)
        return tuple(dict.fromkeys((*reads, *beside)))

    def _look(self, log: Log, into: Round, streams: Iterable[str]) -> None:
        """Bring more states into the round; few are looked for so late, and most are remembered."""
        wanted = [stream for stream in streams if stream not in into.states]
        coming = into.before.states if into.before is not None else {}
        states = {stream: coming[stream] for stream in wanted if stream in coming}
        missing = [stream for stream in wanted if stream not in states]
        states |= self._cache.fetch(log, missing, fresh=into.fresh)
        into.found_stale |= self._cache.found_stale
        into.read |= states
        into.states |= states

    def _facts(self, log: Log, command: Command, states: Mapping[str, Any]) -> Facts:
        """Give the published definitions that the command needs, from memory but once."""
        wanted = definitions_of(command, states)
        known = self._facts_of.get(wanted)
        if known is not None:
            return known
        facts = Facts(paths=log.load_paths(wanted) if wanted else {})
        if len(self._facts_of) >= MAX_DEFINITIONS:
            self._facts_of.clear()
        if facts.paths.keys() == set(wanted):  # What is not published yet may be soon.
            self._facts_of[wanted] = facts
        return facts


def _knowing(log: Log, command: Command) -> tuple[Command, Sequence[str]]:
    """Give a command that erases with whether there is anything to erase, and whose keys go."""
    if not isinstance(command, EraseCustomer):
        return command, ()
    return command.knowing(holds_keys=log.holds_keys(command.subjects)), command.subjects


def _after(
    decisions: Mapping[str, list[Decided]], states: Mapping[str, Any], events: list[NewEvent]
) -> dict[str, Any]:
    """Give the states that decisions lead to, and put their events behind `events`."""
    return {
        stream: _evolve(stream, states[stream], decided, events)
        for stream, decided in decisions.items()
        if decided
    }


def _evolve(stream: str, state: Any, decided: list[Decided], events: list[NewEvent]) -> Any:
    """Give the state after the decided events, and put these behind `events`."""
    first, whose = state.version + 1, list[str | None]()
    for version, one in enumerate(decided, first):
        state = state.evolve(Foreseen(one.event, version, one.occurred_at, one.fact_id))
        whose.append(getattr(one.event, "whose", None) or state.subject_id)  # of any placement
    known = next(filter(None, whose), stream)  # Before anybody is named: of who is named first.
    for version, (one, subject) in enumerate(zip(decided, whose, strict=True), first):
        known = subject or known
        events.append(NewEvent(stream, version, one, known))
    return state


def _sealed_with_order(
    command: Command, states: Mapping[str, Any], events: list[NewEvent]
) -> list[NewEvent]:
    """Let what a command of an order tells of the shop's own be sealed with the order's key.

    Its reason may be about the customer, and goods, numbers and teams are erased with nobody.
    """
    if (order_id := getattr(command, "order_id", None)) is not None:
        stream = order_stream(order_id)
        subject = getattr(states.get(stream), "subject_id", None) or stream
        for new in events:
            if new.subject_id == new.stream_id and new.stream_id.startswith(OF_THE_SHOP):
                new.subject_id = subject
    return events


def _attempt(
    command: Command, refusal: Refusal, states: Mapping[str, Any], now: datetime
) -> list[NewEvent]:
    attempt = attempt_on(command, refusal.unmet, states, now)
    if attempt is None:
        return []
    stream, tried = attempt
    return [NewEvent(stream, None, tried, subject_id=stream)]


def _first_answer(pending: Pending, stored: Mapping[UUID, StoredOutcome]) -> Settled:
    first = stored[pending.command.command_id]
    if pending.repeats(first.body_hash):
        return first.outcome
    return CommandIdReused(pending.command.command_id)


def _answer_at(answer: Answer, after: int) -> Settled:
    command = answer.command
    if answer.kind == "conflict":
        target = answer.reads[0]
        return Conflict(target, command.expected_version or 0, answer.versions[target])
    if answer.kind != "accepted":
        return Outcome(command.command_id, answer.kind, unmet=tuple(answer.unmet))
    return Outcome(
        command.command_id,
        "accepted",
        first_position=after + 1,
        last_position=after + len(answer.events),
        versions=answer.versions,
    )
