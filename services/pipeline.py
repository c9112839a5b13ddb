"""The command pipeline: one thread takes commands in batches, decides them in memory, and
appends each batch with one call. Every way into the system ends here.

What was decided on a stale read is never stored: the log sets it back, and it is decided
again on fresh state; the third time while the head of the log is held, so that it ends.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any, Final, Literal
from uuid import UUID

import structlog

from domain.batch import Answer, Appended, Log, NewEvent
from domain.catalog import decide_on, definitions_of, streams_of
from domain.facts import Facts, PathKey
from domain.messages import Command, Decided, Event, Outcome
from domain.paths.line import PublishPath
from domain.paths.path import OrderPath
from domain.refusals import CommandIdReused, Conflict, InfraError, Refusal
from services.command_queue import Answer as Settled
from services.command_queue import CommandQueue, Pending
from services.states import StateCache

MAX_BATCH_EVENTS: Final = 4_096
PATIENCE_SECONDS: Final = 10.0  # how long a command waits for a database that went away
FIRST_WAIT_SECONDS: Final = 0.05
LONGEST_WAIT_SECONDS: Final = 1.0
WARY_BATCHES: Final = 32  # so long after another process was faster, states are read before use
PASSING: Final = frozenset({"database_unavailable", "database_full"})

_ENVELOPE: Final = set(Command.ENVELOPE)

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Next:
    """A decided event with its place, as evolve wants it."""

    event: Event
    version: int
    occurred_at: datetime
    fact_id: UUID | None


@dataclass(slots=True)
class _Round:
    """One attempt at a batch: what was read, decided and answered, what is left to do."""

    read: Mapping[str, Any]  # the states before the batch
    states: dict[str, Any]  # the same streams after it
    decided: list[tuple[Pending, Answer]] = field(default_factory=list)
    settled: list[tuple[Pending, Settled]] = field(default_factory=list)
    set_back: list[Pending] = field(default_factory=list)
    undecided: list[Pending] = field(default_factory=list)  # their turn comes with the next batch
    appended: Appended | None = None


class Pipeline:
    """Decides and stores commands. Thread-safe; one per process is enough."""

    def __init__(
        self,
        log: Log,
        clock: Callable[[], datetime],
        *,
        batch_commands: int = 256,
        cache_streams: int = 20_000,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._log = log
        self._clock = clock
        self._batch_commands = batch_commands
        self._queue = CommandQueue()
        self._cache = StateCache(cache_streams)
        self._patience_seconds = patience_seconds
        self._paths: dict[PathKey, OrderPath] = {}
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._away_since: float | None = None  # monotonic seconds; None: the database answers
        self._wary_batches = 0  # read what is remembered before so many more batches
        self._stopping = Signal()
        self._thread = Thread(target=self._loop, name="orderpath pipeline", daemon=True)
        self._thread.start()

    def submit(self, command: Command) -> Future[Outcome]:
        """Queue a command. The future gives its Outcome, or raises Conflict,
        CommandIdReused or InfraError; a refusal is an Outcome."""
        waiter: Future[Outcome] = Future()
        self._queue.put(self._pending(command), waiter)
        return waiter

    def execute(self, command: Command) -> Outcome:
        """Queue a command and wait for its answer."""
        return self.submit(command).result()

    async def execute_async(self, command: Command) -> Outcome:
        """Queue a command from an event loop and wait for its answer."""
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put(self._pending(command), waiter)
        return await waiter

    def close(self) -> None:
        """Work off what waits, then stop. The log stays open: it belongs to the caller."""
        self._stopping.set()
        self._queue.close()
        self._thread.join()

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pending(self, command: Command) -> Pending:
        body = body_of(command)
        return Pending(
            command,
            sha256(body).digest(),
            self._clock(),
            monotonic(),
            streams_of(command),
            size=len(body),
        )

    def _loop(self) -> None:
        while batch := self._queue.take(self._batch_commands):
            batch = self._starved_only(batch)
            try:
                self._run(batch)
            except Exception as error:  # noqa: BLE001 - nobody is left waiting, whatever happens
                self._queue.complete([(pending, error) for pending in batch])

    def _starved_only(self, batch: list[Pending]) -> list[Pending]:
        """Let those that need the lock go alone, if there are any: nobody appends meanwhile."""
        starved = [pending for pending in batch if pending.is_starved]
        if not starved:
            return batch
        self._queue.put_back(pending for pending in batch if not pending.is_starved)
        return starved

    def _run(self, batch: list[Pending]) -> None:
        """Bring a batch to its end, one way or the other."""
        try:
            self._attempt(batch)
        except Exception as error:  # noqa: BLE001 - the outermost loop: one bad command fails alone
            self._cache.doubt_all()
            if isinstance(error, InfraError) and error.code in PASSING:
                self._later(batch, error)
            else:
                self._one_by_one(batch)

    def _one_by_one(self, batch: list[Pending]) -> None:
        """Find the one that fails; if the database goes away meanwhile, the rest waits for it."""
        for number, pending in enumerate(batch):
            try:
                self._attempt([pending])
            except Exception as error:  # noqa: BLE001 - as in _run
                self._cache.doubt_all()
                if isinstance(error, InfraError) and error.code in PASSING:
                    return self._later(batch[number:], error)
                self._fail(pending, error)
        return None

    def _fail(self, pending: Pending, error: Exception) -> None:
        self._queue.complete([(pending, error)])
        command = pending.command
        log_.error(
            "command_failed",
            command_id=str(command.command_id),
            name=command.NAME,
            error=type(error).__name__,
        )

    def _later(self, batch: list[Pending], error: InfraError) -> None:
        """Send the same ids again: if the lost append was written, they are known by then.

        Who has waited for the database for long enough gets the error. Whatever waits behind
        this batch has waited as long, so a long queue does not multiply the patience.
        """
        now = monotonic()
        self._away_since = since = self._away_since or now
        again: list[Pending] = []
        given_up: list[tuple[Pending, Settled]] = []
        for pending in batch:
            waited = now - max(since, pending.queued_at)
            if waited < self._patience_seconds and not self._stopping.is_set():
                again.append(pending)
            else:
                given_up.append((pending, error))
        self._queue.complete(given_up)
        self._queue.put_back(again)
        log_.warning("database_away", waiting=len(again), given_up=len(given_up), code=error.code)
        if again:
            self._stopping.wait(self._wait_seconds)
            self._wait_seconds = min(self._wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def _attempt(self, batch: list[Pending]) -> None:
        locked = batch[0].is_starved
        if locked:
            with self._log.locked() as log:
                attempt = self._decide_and_append(log, batch, fresh=True)
        else:
            # While others write to the same streams, what is remembered of a busy one is mostly
            # stale: reading it first costs less than being set back.
            attempt = self._decide_and_append(self._log, batch, fresh=self._wary_batches > 0)
        # Only here is it committed. What was remembered before might never have happened.
        self._remember(attempt, locked=locked)
        for pending in attempt.set_back:
            pending.attempts += 1
        self._queue.complete(attempt.settled)
        self._queue.put_back([*attempt.set_back, *attempt.undecided])
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._away_since = None

    def _decide_and_append(self, log: Log, batch: list[Pending], *, fresh: bool) -> _Round:
        wanted = [stream for pending in batch for stream in pending.reads]
        states = self._cache.fetch(log, wanted, fresh=fresh)
        versions = {stream: state.version for stream, state in states.items()}
        attempt = _Round(read=dict(states), states=states)
        self._decide_all(log, batch, attempt)
        if attempt.decided:
            answers = [answer for _, answer in attempt.decided]
            attempt.appended = log.append(answers, versions)
            self._settle(log, attempt, attempt.appended)
        return attempt

    def _decide_all(self, log: Log, batch: list[Pending], attempt: _Round) -> None:
        """Decide one after the other, until the batch is full."""
        events = 0
        for number, pending in enumerate(batch):
            try:
                answer = self._decide(log, pending, attempt.states)
            except InfraError:
                raise  # It says nothing about this command.
            except Exception as error:  # A decider that raises fails its own command only.
                log_.error("decider_failed", name=pending.command.NAME, exc_info=True)
                attempt.settled.append((pending, error))
                continue
            attempt.decided.append((pending, answer))
            events += len(answer.events)
            # What is published now can be looked up by the commands of the next batch.
            if events >= MAX_BATCH_EVENTS or isinstance(pending.command, PublishPath):
                attempt.undecided = batch[number + 1 :]
                break

    def _decide(self, log: Log, pending: Pending, states: dict[str, Any]) -> Answer:
        """Decide one command on the states that the commands before it left behind."""
        command, reads = pending.command, pending.reads
        target = states[reads[0]]
        if command.expected_version not in (None, target.version):
            found = {reads[0]: target.version}
            return Answer(command, pending.body_hash, "conflict", reads, versions=found)
        latest = target.last_occurred_at
        now = pending.received_at if latest is None else max(pending.received_at, latest)
        facts = self._facts(log, command, states)
        try:
            decisions = decide_on(command, states, facts, now)
        except Refusal as refusal:
            return Answer(command, pending.body_hash, "refused", reads, unmet=refusal.unmet)
        events: list[NewEvent] = []
        after: dict[str, Any] = {}
        for stream, decided in decisions.items():
            if decided:
                after[stream], placed = _evolve(stream, states[stream], decided)
                events += placed
        states.update(after)
        versions = {stream: state.version for stream, state in after.items()}
        kind: Literal["accepted", "nothing"] = "accepted" if events else "nothing"
        return Answer(command, pending.body_hash, kind, reads, events, versions=versions)

    def _facts(self, log: Log, command: Command, states: Mapping[str, Any]) -> Facts:
        """Give the published definitions that the command needs, from memory but once."""
        wanted = definitions_of(command, states)
        missing = [key for key in wanted if key not in self._paths]
        if missing:
            self._paths.update(log.load_paths(missing))
        return Facts(paths={key: self._paths[key] for key in wanted if key in self._paths})

    def _remember(self, attempt: _Round, *, locked: bool) -> None:
        """Keep what is sure to stand in the log; doubt what moved or was not written."""
        appended = attempt.appended
        if appended is None:
            self._cache.keep(attempt.states)
            return
        doubtful = set(appended.moved)
        for number in appended.set_back:
            doubtful |= attempt.decided[number][1].writes
        self._cache.keep(attempt.states | {stream: attempt.read[stream] for stream in doubtful})
        self._cache.doubt(doubtful)
        if locked:  # Nobody moved it, so it was never so: the log was restored since.
            self._cache.forget(appended.moved)
        overtaken = bool(appended.moved) or self._cache.found_stale
        self._wary_batches = WARY_BATCHES if overtaken else max(self._wary_batches - 1, 0)

    def _settle(self, log: Log, attempt: _Round, appended: Appended) -> None:
        """Tell apart what was answered before, what is set back and what was written."""
        known = [attempt.decided[number][0].command.command_id for number in appended.known]
        stored = log.load_outcomes(known) if known else {}
        position = appended.after
        for number, (pending, answer) in enumerate(attempt.decided):
            if number in appended.known:
                first = stored[answer.command.command_id]
                same = first.body_hash == pending.body_hash
                settled = first.outcome if same else CommandIdReused(answer.command.command_id)
                attempt.settled.append((pending, settled))
            elif number in appended.set_back:
                attempt.set_back.append(pending)
            else:
                attempt.settled.append((pending, _answer_at(answer, position)))
                position += len(answer.events)


def body_of(command: Command) -> bytes:
    """Give name and explicitly set fields: equal for the same wish, whoever repeats it."""
    body = command.model_dump_json(exclude_unset=True, exclude=_ENVELOPE)
    return f"{command.NAME}\n{body}".encode()


def body_hash(command: Command) -> bytes:
    """Give SHA-256 of the body, by which a repeat is told from a reused id."""
    return sha256(body_of(command)).digest()


def _evolve(stream: str, state: Any, events: list[Decided]) -> tuple[Any, list[NewEvent]]:
    first = state.version + 1
    for version, decided in enumerate(events, first):
        state = state.evolve(_Next(decided.event, version, decided.occurred_at, decided.fact_id))
    subject = state.subject_id or stream
    return state, [
        NewEvent(stream, version, decided, subject) for version, decided in enumerate(events, first)
    ]


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
