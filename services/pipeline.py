"""The command pipeline: one thread takes commands in batches, decides them in memory, and
appends each batch with one call. Every way into the system ends here.

What was decided on a stale read is never stored: the log sets it back, and it is decided
again on fresh state; the third time while the head of the log is held, so that it ends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
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
from domain.paths.path import OrderPath
from domain.refusals import CommandIdReused, Conflict, InfraError, Refusal
from services.command_queue import Answer as Settled
from services.command_queue import CommandQueue, Pending
from services.states import StateCache

MAX_BATCH_EVENTS: Final = 4_096
PATIENCE_SECONDS: Final = 10.0  # how long a command waits for a database that went away
FIRST_WAIT_SECONDS: Final = 0.05
LONGEST_WAIT_SECONDS: Final = 1.0
LOCK_AFTER_SET_BACKS: Final = 2
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


class Pipeline:
    """Decides and stores commands. Thread-safe; one per process is enough."""

    def __init__(
        self,
        log: Log,
        clock: Callable[[], datetime],
        *,
        batch_commands: int = 256,
        cache_streams: int = 20_000,
    ) -> None:
        self._log = log
        self._clock = clock
        self._batch_commands = batch_commands
        self._queue = CommandQueue()
        self._cache = StateCache(cache_streams)
        self._paths: dict[PathKey, OrderPath] = {}
        self._wait_seconds = FIRST_WAIT_SECONDS
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
        return Pending(command, body_hash(command), self._clock(), streams_of(command))

    def _loop(self) -> None:
        while batch := self._queue.take(self._batch_commands):
            self._run(batch)

    def _run(self, batch: list[Pending]) -> None:
        """Bring a batch to its end, one way or the other: nobody is left waiting."""
        try:
            self._attempt(batch)
            self._wait_seconds = FIRST_WAIT_SECONDS
        except InfraError as error:
            self._cache.doubt_all()
            if error.code in PASSING:
                self._later(batch, error)
            else:
                self._alone(batch, error)
        except Exception as error:  # noqa: BLE001 - the outermost loop: one bad command fails alone
            self._cache.doubt_all()
            self._alone(batch, error)

    def _alone(self, batch: list[Pending], error: Exception) -> None:
        """Find the one that fails by running each by itself."""
        if len(batch) > 1:
            for pending in batch:
                self._run([pending])
            return
        command = batch[0].command
        log_.error(
            "command_failed",
            command_id=str(command.command_id),
            name=command.NAME,
            error=type(error).__name__,
        )
        self._queue.complete([(batch[0], error)])

    def _later(self, batch: list[Pending], error: InfraError) -> None:
        """Send the same ids again: if the lost append was written, they are known by then."""
        now = monotonic()
        again: list[Pending] = []
        given_up: list[tuple[Pending, Settled]] = []
        for pending in batch:
            pending.give_up_at = pending.give_up_at or now + PATIENCE_SECONDS
            if now < pending.give_up_at and not self._stopping.is_set():
                again.append(pending)
            else:
                given_up.append((pending, error))
        log_.warning("database_away", waiting=len(again), given_up=len(given_up), code=error.code)
        self._queue.complete(given_up)
        self._queue.put_back(again)
        self._stopping.wait(self._wait_seconds)
        self._wait_seconds = min(self._wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def _attempt(self, batch: list[Pending]) -> None:
        if any(pending.attempts >= LOCK_AFTER_SET_BACKS for pending in batch):
            with self._log.locked() as log:
                results = self._decide_and_append(log, batch, fresh=True)
        else:
            results = self._decide_and_append(self._log, batch, fresh=False)
        set_back = [pending for pending, answer in results if answer is None]
        for pending in set_back:
            pending.attempts += 1
        self._queue.complete([(p, answer) for p, answer in results if answer is not None])
        self._queue.put_back(set_back)

    def _decide_and_append(
        self, log: Log, batch: list[Pending], *, fresh: bool
    ) -> list[tuple[Pending, Settled | None]]:
        """Give each command its answer; None means: set back, decide again."""
        wanted = [stream for pending in batch for stream in pending.reads]
        states = self._cache.fetch(log, wanted, fresh=fresh)
        self._cache.keep(states)
        read = dict(states)
        versions = {stream: state.version for stream, state in states.items()}
        decided: list[tuple[Pending, Answer]] = []
        results: list[tuple[Pending, Settled | None]] = []
        overflow: list[Pending] = []
        events = 0
        for pending in batch:
            if events >= MAX_BATCH_EVENTS:
                overflow.append(pending)
                continue
            try:
                answer = self._decide(log, pending, states)
            except Exception as error:  # noqa: BLE001 - a decider that raises fails its own command only
                log_.error("decider_failed", name=pending.command.NAME, exc_info=True)
                results.append((pending, error))
                continue
            events += len(answer.events)
            decided.append((pending, answer))
        self._queue.put_back(overflow)
        if decided:
            answers = [answer for _, answer in decided]
            appended = log.append(answers, versions)
            self._remember(states, read, answers, appended)
            results += self._settle(log, decided, appended)
        return results

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
        versions: dict[str, int] = {}
        for stream, decided in decisions.items():
            if decided:
                states[stream], placed = _evolve(stream, states[stream], decided)
                versions[stream] = states[stream].version
                events += placed
        kind: Literal["accepted", "nothing"] = "accepted" if events else "nothing"
        return Answer(command, pending.body_hash, kind, reads, events, versions=versions)

    def _facts(self, log: Log, command: Command, states: Mapping[str, Any]) -> Facts:
        """Give the published definitions that the command needs, from memory but once."""
        wanted = definitions_of(command, states)
        missing = [key for key in wanted if key not in self._paths]
        if missing:
            self._paths.update(log.load_paths(missing))
        return Facts(paths={key: self._paths[key] for key in wanted if key in self._paths})

    def _remember(
        self,
        states: Mapping[str, Any],
        read: Mapping[str, Any],
        answers: Sequence[Answer],
        appended: Appended,
    ) -> None:
        """Keep what is sure to stand in the log; doubt what moved or was not written."""
        doubtful = set(appended.moved)
        for number in appended.set_back:
            doubtful |= answers[number].writes
        self._cache.keep({s: read[s] if s in doubtful else states[s] for s in states})
        self._cache.doubt(doubtful)

    def _settle(
        self, log: Log, decided: Sequence[tuple[Pending, Answer]], appended: Appended
    ) -> list[tuple[Pending, Settled | None]]:
        known = [decided[number][1].command.command_id for number in appended.known]
        stored = log.load_outcomes(known) if known else {}
        results: list[tuple[Pending, Settled | None]] = []
        position = appended.after
        for number, (pending, answer) in enumerate(decided):
            if number in appended.known:
                first = stored[answer.command.command_id]
                same = first.body_hash == pending.body_hash
                settled = first.outcome if same else CommandIdReused(answer.command.command_id)
                results.append((pending, settled))
            elif number in appended.set_back:
                results.append((pending, None))
            else:
                results.append((pending, _answer_at(answer, position)))
                position += len(answer.events)
        return results


def body_hash(command: Command) -> bytes:
    """Hash name and explicitly set fields: equal for the same wish, whoever repeats it."""
    body = command.model_dump_json(exclude_unset=True, exclude=_ENVELOPE)
    return sha256(f"{command.NAME}\n{body}".encode()).digest()


def _evolve(stream: str, state: Any, events: list[Decided]) -> tuple[Any, list[NewEvent]]:
    first = state.version + 1
    for version, decided in enumerate(events, first):
        state = state.evolve(
            _Next(decided.event, version, decided.occurred_at, decided.fact_id)
        )
    subject = state.subject_id or stream
    return state, [
        NewEvent(stream, version, decided, subject) for version, decided in enumerate(events, first)
    ]


def _answer_at(answer: Answer, after: int) -> Settled:
    command = answer.command
    if answer.kind == "conflict":
        return Conflict(answer.reads[0], command.expected_version or 0, answer.versions[answer.reads[0]])
    if answer.kind != "accepted":
        return Outcome(command.command_id, answer.kind, unmet=tuple(answer.unmet))
    return Outcome(
        command.command_id,
        "accepted",
        first_position=after + 1,
        last_position=after + len(answer.events),
        versions=answer.versions,
    )
