"""The command pipeline: one thread takes commands, decides them in memory, and appends them in
rounds. Every way into the system ends here.

While one round is on its way into the log, the next one is decided on the states that the first
will leave behind. If the log refuses a part of it, whatever was decided on that part is decided
again. What was decided on a stale read is never stored: the log sets it back, and it is decided
again on fresh state; the third time while the head of the log is held, so that it ends.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any, Final
from uuid import UUID

import structlog

from domain.batch import Append, Appended, Log
from domain.catalog import streams_of
from domain.messages import Command, Outcome
from domain.refusals import InfraError
from services.command_queue import MAX_BATCH_BYTES, CommandQueue, Pending, hash_of, nobody_beside
from services.command_queue import Answer as Settled
from services.flood import FloodGuard
from services.rounds import Decider, Round
from services.states import StateCache

PATIENCE_SECONDS: Final = 10.0  # how long a command waits for a database that went away
FIRST_WAIT_SECONDS: Final = 0.05
LONGEST_WAIT_SECONDS: Final = 1.0
WARY_ROUNDS: Final = 32  # so long after another process was faster, states are read before use
SPLIT_FROM: Final = 16  # commands: so many are worth two rounds, one behind the other, unless
# another process writes: then its rounds are on their way while ours are decided
SNAPSHOT_EVENTS: Final = 500  # at so many, 1,000, 2,000, … a stream's state is kept: each event
# pays for itself once, and half of a stream's events at most have to be read behind its snapshot
MAX_KEPT_STATES: Final = 32  # of one round; the others are kept when they are twice as long
PASSING: Final = frozenset({"database_unavailable", "database_full"})

_ENVELOPE: Final = set(Command.ENVELOPE)

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Flight:
    """A round whose append is on its way, or failed before it was."""

    round: Round
    append: Append | Exception

    def fileno(self) -> int:
        assert not isinstance(self.append, Exception)
        return self.append.fileno()

    def done(self) -> bool:
        return isinstance(self.append, Exception) or self.append.done()

    def result(self) -> Appended:
        if isinstance(self.append, Exception):
            raise self.append
        return self.append.result()


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
        self._patience_seconds = patience_seconds
        self.flood = FloodGuard()
        self._queue = CommandQueue()
        self._cache = StateCache(cache_streams)
        self._decider = Decider(self._cache)
        self._next = Round()  # what is being decided
        self._flight: _Flight | None = None
        self._forget_erased: Callable[[], None] = lambda: self._cache.forget_erased(log)
        self._keeper = ThreadPoolExecutor(1, "orderpath snapshots")
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._away_since: float | None = None  # monotonic seconds; None: the database answers
        self._end = 0  # position of the last event of our last round
        self._is_shared = False  # another process wrote since the round before that
        self._wary_rounds = 0  # read what is remembered before so many more rounds
        self._stopping = Signal()
        self._thread = Thread(target=self._loop, name="orderpath pipeline", daemon=True)
        self._thread.start()

    def submit(self, command: Command, *, own: bool = False) -> Future[Outcome]:
        """Queue a command. The future gives its Outcome, or raises Conflict,
        CommandIdReused or InfraError; a refusal is an Outcome.
        own: of an id that another actor's command has, CommandIdReused, whatever the body"""
        waiter: Future[Outcome] = Future()
        self._queue.put(self._pending(command, own=own), waiter)
        return waiter

    def execute(self, command: Command, *, own: bool = False) -> Outcome:
        """Queue a command and wait for its answer."""
        return self.submit(command, own=own).result()

    async def execute_async(self, command: Command) -> Outcome:
        """Queue a command from an event loop and wait for its answer."""
        return await self.submit_soon(command)

    def submit_soon(self, command: Command, *, own: bool = False) -> asyncio.Future[Outcome]:
        """Queue a command from an event loop, with all others of this turn of the loop."""
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put_soon(self._pending(command, own=own), waiter)
        return waiter

    def close(self) -> None:
        """Work off what waits, then stop. The log stays open: it belongs to the caller."""
        self._stopping.set()
        self._queue.close()
        self._thread.join()
        self._keeper.shutdown()

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pending(self, command: Command, *, own: bool = False) -> Pending:
        body = body_of(command)
        said = hash_of(body, command, own=own)
        now, reads = self._clock(), streams_of(command)
        return Pending(command, said, now, monotonic(), reads, size=len(body), own=own)

    def _loop(self) -> None:
        while True:
            flight = self._flight
            batch = self._queue.take(*self._room(), until=flight, idle=self._forget_erased)
            if not batch and flight is None and not self._keep_floods(ending=True):
                return  # Closed, and everything is worked off.
            try:
                self._step(batch)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it; the output may be gone
                lost = [*(flight.round.pendings if flight else ()), *self._take_next(), *batch]
                self._flight = None
                self._cache.doubt_all()
                self._queue.complete([(pending, error) for pending in lost])

    def _room(self) -> tuple[int, int]:
        """Say how many commands, and how many bytes of them, may be decided now."""
        if self._flight is not None and (
            self._next.is_full  # or what is published cannot be looked up yet,
            or self._flight.round.publishes  # or what others write cannot be seen yet
            or self._wary_rounds
        ):
            return 0, 0
        return self._batch_commands - len(self._next.decided), MAX_BATCH_BYTES - self._next.size

    def _step(self, batch: list[Pending]) -> None:
        batch, later = nobody_beside(batch)
        if later:
            self._queue.put_back(later)
        starved = [pending for pending in batch if pending.is_starved]
        if starved:  # They go alone, with the head held: nobody appends meanwhile.
            self._queue.put_back(pending for pending in batch if not pending.is_starved)
            self._land_all()
            try:
                self._append_now(starved, locked=True)
            except Exception as error:  # noqa: BLE001 - _recover gives it to who waits
                self._recover(starved, error)
            return
        if self._flight is None and len(batch) >= SPLIT_FROM and not self._is_shared:
            half = len(batch) // 2  # The rest is decided while these are on their way.
            self._queue.put_back(batch[half:])
            batch = batch[:half]
        waiting = deque(batch)
        try:
            self._decide(self._log, self._next, waiting, fresh=self._wary_rounds > 0)
        except Exception as error:  # noqa: BLE001 - _recover lets one bad command fail alone
            self._recover(list(waiting), error)
        else:
            self._queue.put_back(waiting)
        if self._flight is None:
            self._launch()
        elif self._flight.done():
            self._land()

    def _decide(self, log: Log, into: Round, waiting: deque[Pending], *, fresh: bool) -> None:
        """Decide one after the other until the round is full; what is done leaves `waiting`."""
        before = self._flight.round if self._flight is not None else None
        self._decider.prepare(log, into, waiting, before, fresh=fresh)
        answered: Container[UUID] | None = None
        while waiting and not into.is_full:
            pending = waiting[0]
            turned_away = None
            if self.flood.guards_against(pending.command):
                if answered is None:
                    answered = log.load_outcomes([p.command.command_id for p in waiting])
                if pending.command.command_id not in answered:  # For ever, also in a flood.
                    turned_away = self.flood.turn_away(pending.command, pending.received_at)
            error = turned_away or self._decider.decide(log, into, pending)
            waiting.popleft()
            if error is not None:
                self._queue.complete([(pending, error)])
            elif into.decided[-1][1].kind == "refused":
                self.flood.count(pending.command, pending.received_at)
        self._keep_floods()

    def _keep_floods(self, *, ending: bool = False) -> bool:
        """Queue what has to be kept of floods; say whether there was anything."""
        floods = self.flood.floods(ending=ending)
        if floods:
            self._queue.put_back(map(self._pending, floods))
        return bool(floods)

    def _launch(self) -> None:
        """Send what is decided on its way into the log."""
        flying, self._next = self._next, Round()
        flying.before = None  # It has landed: nothing is presumed any more.
        if flying.decided:
            append: Append | Exception
            try:
                append = self._log.append(flying.answers, flying.versions)
            except Exception as error:  # noqa: BLE001 - told when it lands
                append = error
            self._flight = _Flight(flying, append)

    def _land(self) -> None:
        """Take what became of the append, and send the next round if it still holds."""
        assert self._flight is not None
        flight, self._flight = self._flight, None
        try:
            appended = flight.result()
            settled = self._settled(self._log, flight.round, appended)
        except Exception as error:  # noqa: BLE001 - _recover gives it to who waits
            self._queue.put_back(self._take_next())
            self._uncount(flight.round)
            self._recover(flight.round.pendings, error)
            return
        self._uncount(flight.round, appended.set_back)
        doubtful = self._remember(flight.round, appended)
        holds = doubtful.isdisjoint(self._next.read) and not appended.erased
        again = [] if holds else self._take_next()
        self._put_back_overtaken(flight.round, appended, again)
        self._launch()
        self._queue.complete(settled)
        self._keep_long(flight.round, doubtful)

    def _land_all(self) -> None:
        while self._flight is not None or self._next.decided:
            if self._flight is None:
                self._launch()
            else:
                self._land()

    def _take_next(self) -> list[Pending]:
        """Take back what was decided ahead: it is decided again."""
        given_up, self._next = self._next, Round()
        self._uncount(given_up)
        return given_up.pendings

    def _uncount(self, done: Round, numbers: Iterable[int] | None = None) -> None:
        """Commands that are decided again, or were answered before, count once in a flood.

        numbers: of these in the round; None: of all, as nothing of it was written
        """
        for number in range(len(done.decided)) if numbers is None else numbers:
            pending, answer = done.decided[number]
            if answer.kind == "refused":
                self.flood.take_back(pending.command, pending.received_at)

    def _append_now(self, batch: list[Pending], *, locked: bool = False) -> None:
        """Decide and append at once, nothing else being on its way."""
        alone, waiting = Round(), deque(batch)
        appended: Appended | None = None
        doubtful: set[str] = set()
        settled: list[tuple[Pending, Settled]] = []
        try:
            with self._log.locked() if locked else nullcontext(self._log) as log:
                self._decide(log, alone, waiting, fresh=True)
                if alone.decided:
                    appended = log.append(alone.answers, alone.versions).result()
                    settled = self._settled(log, alone, appended)
        except Exception:
            self._uncount(alone)
            raise
        # Only here is it committed. What was remembered before might never have happened.
        if appended is not None:
            self._uncount(alone, appended.set_back)
            doubtful = self._remember(alone, appended)
            if locked:  # Nobody moved it, so it was never so: the log was restored since.
                self._cache.forget(appended.moved)
            self._put_back_overtaken(alone, appended, waiting)
        self._queue.complete(settled)
        if appended is not None:
            self._keep_long(alone, doubtful)

    def _settled(self, log: Log, done: Round, appended: Appended) -> list[tuple[Pending, Settled]]:
        """Give the answers of a round: those of before for ids that were known before."""
        known = [done.decided[number][0].command.command_id for number in appended.known]
        stored = log.load_outcomes(known) if known else {}
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._away_since = None
        return done.settled(appended, stored)

    def _remember(self, done: Round, appended: Appended) -> set[str]:
        """Keep what is sure to stand in the log; doubt, and name, what moved or was not written."""
        doubtful = done.doubtful(appended)
        self._is_shared = appended.after != self._end
        self._end = appended.after + done.written(appended)
        self._cache.keep(done.states | {stream: done.read[stream] for stream in doubtful})
        self._cache.doubt(doubtful)
        self._cache.forget_subjects(appended.erased)
        overtaken = bool(appended.moved - done.presumed) or done.found_stale
        self._wary_rounds = WARY_ROUNDS if overtaken else max(self._wary_rounds - 1, 0)
        return doubtful

    def _keep_long(self, done: Round, doubtful: set[str]) -> None:
        """Have the states of long streams kept. Nobody waits for it."""
        long = [stream for stream in done.passed(SNAPSHOT_EVENTS) if stream not in doubtful]
        if long:
            states = {stream: done.states[stream] for stream in long[:MAX_KEPT_STATES]}
            with suppress(RuntimeError):  # The interpreter is about to end.
                self._keeper.submit(self._keep_states, states, self._log.erasures)

    def _keep_states(self, states: Mapping[str, Any], erasures: int) -> None:
        try:
            self._log.keep_states(states, erasures)
        except Exception as error:  # noqa: BLE001 - nothing is lost but time
            log_.warning("snapshots_not_kept", states=len(states), error=type(error).__name__)

    def _put_back_overtaken(
        self, done: Round, appended: Appended, behind: Iterable[Pending]
    ) -> None:
        set_back = [done.pendings[number] for number in sorted(appended.overtaken)]
        for pending in set_back:
            pending.attempts += 1
        self._queue.put_back([*set_back, *behind])

    def _recover(self, batch: Sequence[Pending], error: Exception) -> None:
        """Bring a batch to its end that failed as a whole, one by one if the fault is its own."""
        self._cache.doubt_all()
        if isinstance(error, InfraError) and error.code in PASSING:
            return self._later(batch, error)
        self._land_all()
        for number, pending in enumerate(batch):
            try:
                self._append_now([pending], locked=pending.command.ALONE)
            except Exception as fault:  # noqa: BLE001 - _fail gives it to who waits
                self._cache.doubt_all()
                if isinstance(fault, InfraError) and fault.code in PASSING:
                    return self._later(batch[number:], fault)
                self._fail(pending, fault)
        return None

    def _fail(self, pending: Pending, error: Exception) -> None:
        self._decider.unanswered.note(command := pending.command, error)
        self._queue.complete([(pending, error)])
        what = {"command_id": str(command.command_id), "name": command.NAME}
        log_.error("command_failed", **what, error=type(error).__name__)

    def _later(self, batch: Sequence[Pending], error: InfraError) -> None:
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
                self._decider.unanswered.note(pending.command, error)
                given_up.append((pending, error))
        self._queue.complete(given_up)
        self._queue.put_back(again)
        log_.warning("database_away", waiting=len(again), given_up=len(given_up), code=error.code)
        if again:
            self._stopping.wait(self._wait_seconds)
            self._wait_seconds = min(self._wait_seconds * 2, LONGEST_WAIT_SECONDS)


def body_of(command: Command) -> bytes:
    """Give name and explicitly set fields: equal for the same wish, whoever repeats it."""
    body = command.model_dump_json(exclude_unset=True, exclude=_ENVELOPE)
    return f"{command.NAME}\n{body}".encode()
