"""Where commands wait for the pipeline, and how their callers get the answer.

Callers come from threads and from event loops; each loop is woken once per batch.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from select import POLLIN, poll
from threading import Lock
from typing import Final, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from domain.messages import Command, Outcome
from domain.refusals import CommandIdReused, InfraError
from services.threads import closed

MAX_BATCH_BYTES: Final = 8 * 1024 * 1024  # of bodies; one larger command goes alone
MAX_WAITING: Final = 50_000  # commands; beyond it callers are told to come back later
LOCK_AFTER_SET_BACKS: Final = 2
IDLE_MILLISECONDS: Final = 5_000
_BODY_BYTES: Final = 16  # of a hash that tell the body, whoever sent it

Answer = Outcome | BaseException
Waiter = Future[Outcome] | asyncio.Future[Outcome]


@dataclass(slots=True, eq=False)
class Pending:
    """A command on its way, with everybody who waits for its answer."""

    command: Command
    body_hash: bytes
    received_at: datetime  # the `now` of its decision
    queued_at: float  # monotonic seconds
    reads: tuple[str, ...]  # stream ids
    waiters: list[Waiter] = field(default_factory=list)
    attempts: int = 0  # times it was set back
    size: int = 0  # bytes of the body
    own: bool = False  # it repeats only what its own actor sent

    def repeats(self, body_hash: bytes) -> bool:
        """Say whether a command of the same id, with that hash, was this one."""
        if self.own:
            return self.body_hash == body_hash
        return self.body_hash[:_BODY_BYTES] == body_hash[:_BODY_BYTES]

    @property
    def is_starved(self) -> bool:
        """Say that it was overtaken often enough: the head is held for its next attempt; as for
        one that wants to be alone.
        """
        return self.attempts >= LOCK_AFTER_SET_BACKS or self.command.ALONE


def hash_of(body: bytes, command: Command, *, own: bool) -> bytes:
    """Hash a body; of an own one the second half is also of who acts, and for whom."""
    found = sha256(body)
    begins = found.digest()
    if not own:
        return begins
    actor = command.actor
    found.update(b"\n" + to_json([actor.kind, actor.id, actor.on_behalf_of]))
    return begins[:_BODY_BYTES] + found.digest()[_BODY_BYTES:]


class Awaited(Protocol):
    """Something else that the reader waits for: an append on its way."""

    def fileno(self) -> int: ...
    def done(self) -> bool: ...


class _Bell:
    """Wakes the reader, who may wait for a file descriptor at the same time."""

    def __init__(self) -> None:
        self._ear, self._hammer = os.pipe()
        os.set_blocking(self._ear, False)
        self.is_heard = False  # somebody sleeps; read and written while the queue is locked

    def ring(self) -> None:
        if self.is_heard:
            self.is_heard = False
            os.write(self._hammer, b"!")

    def sleep(self, other: Awaited | None) -> bool:
        """Sleep until something comes; False if for long nothing did."""
        poller = poll()
        poller.register(self._ear, POLLIN)
        if other is not None:
            poller.register(other.fileno(), POLLIN)
        found = [descriptor for descriptor, _ in poller.poll(IDLE_MILLISECONDS)]
        if self._ear in found:
            os.read(self._ear, 64)
        return bool(found)

    def __del__(self) -> None:
        os.close(self._ear)
        os.close(self._hammer)


_HandedIn = tuple[Pending, asyncio.Future[Outcome]]


class CommandQueue:
    """A queue with one reader. Equal command ids, waiting or in flight, share one answer."""

    def __init__(self) -> None:
        self._waiting: deque[Pending] = deque()
        self._open: dict[UUID, Pending] = {}
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, list[_HandedIn]] = (
            WeakKeyDictionary()
        )
        self._lock = Lock()
        self._bell = _Bell()
        self._closed = False

    def put(self, pending: Pending, waiter: Waiter) -> None:
        """Queue a command, or wait with the one of the same id that is on its way.

        Raises: CommandIdReused, InfraError pipeline_closed or overloaded.
        """
        with self._lock:
            self._put(pending, waiter)
            self._bell.ring()

    def put_soon(self, pending: Pending, waiter: asyncio.Future[Outcome]) -> None:
        """Queue a command at the end of this turn of the event loop, with all others of the turn.

        One wake-up for all of them: threads that wake each other for every command spend more time
        on the interpreter's lock than on the commands. What `put` raises, the waiter gets.
        """
        loop = waiter.get_loop()
        turn = self._turns.get(loop)
        if turn is None:
            turn = self._turns[loop] = []
            loop.call_soon(self._end_turn, loop)
        turn.append((pending, waiter))

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            for pending, waiter in self._turns.pop(loop):
                try:
                    self._put(pending, waiter)
                except (CommandIdReused, InfraError) as error:
                    _settle(waiter, error)
            self._bell.ring()

    def _put(self, pending: Pending, waiter: Waiter) -> None:
        known = self._open.get(pending.command.command_id)
        if known is not None:
            if not pending.repeats(known.body_hash):
                raise CommandIdReused(pending.command.command_id)
            known.waiters.append(waiter)
            return
        if self._closed:
            raise closed()
        if len(self._waiting) >= MAX_WAITING:
            raise InfraError(
                "overloaded", f"{MAX_WAITING} commands are waiting already: come back later"
            )
        pending.waiters.append(waiter)
        self._open[pending.command.command_id] = pending
        self._waiting.append(pending)

    def put_back(self, pendings: Iterable[Pending]) -> None:
        """Queue commands in front of all others, in their order."""
        with self._lock:
            self._waiting.extendleft(reversed(list(pendings)))
            self._bell.ring()

    def take(
        self,
        most: int,
        most_bytes: int = MAX_BATCH_BYTES,
        *,
        until: Awaited | None = None,
        idle: Callable[[], None] = lambda: None,
    ) -> list[Pending]:
        """Wait for commands and take them; idle is done again and again while there are none.

        Gives an empty list when `until` is done, or without it: when the queue is closed and
        everything was taken.
        """
        while True:
            with self._lock:
                taken = self._taken(most, most_bytes)
                if taken or (until is None and self._closed):
                    return taken
                self._bell.is_heard = True
            if until is not None and until.done():
                return []
            if not self._bell.sleep(until) and until is None:
                idle()

    def _taken(self, most: int, most_bytes: int) -> list[Pending]:
        taken: list[Pending] = []
        size = 0
        while self._waiting and len(taken) < most:
            size += self._waiting[0].size
            if taken and size > most_bytes:
                break
            taken.append(self._waiting.popleft())
        return taken

    def close(self) -> None:
        """Take no more commands; those that wait are still worked off."""
        with self._lock:
            self._closed = True
            self._bell.ring()

    def complete(self, answers: Iterable[tuple[Pending, Answer]]) -> None:
        """Give everybody their answer, with one wake-up per event loop."""
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Answer]]] = {}
        answers = list(answers)
        with self._lock:  # From here on nobody joins the waiters of these commands.
            for pending, _ in answers:
                self._open.pop(pending.command.command_id, None)
        for pending, answer in answers:
            for waiter, told in zip(pending.waiters, _told(answer), strict=False):
                if isinstance(waiter, Future):
                    _settle(waiter, told)
                else:
                    loops.setdefault(waiter.get_loop(), []).append((waiter, told))
        for loop, settled in loops.items():
            with suppress(RuntimeError):  # The loop is closed: its callers have gone.
                loop.call_soon_threadsafe(_settle_all, settled)


def nobody_beside(batch: list[Pending]) -> tuple[list[Pending], list[Pending]]:
    """Part a batch: what comes before a command that is decided alone, or that one; the rest."""
    for number, pending in enumerate(batch):
        if pending.command.ALONE:
            return batch[: number or 1], batch[number or 1 :]
    return batch, []


def _told(answer: Answer) -> Iterator[Answer]:
    """Give what the first is told who waits, and what all others are: nothing was done for them."""
    yield answer
    again = replace(answer, repeated=True) if isinstance(answer, Outcome) else answer
    while True:
        yield again


def _settle_all(settled: list[tuple[asyncio.Future[Outcome], Answer]]) -> None:
    for waiter, answer in settled:
        _settle(waiter, answer)


def _settle(waiter: Waiter, answer: Answer) -> None:
    if waiter.done():  # The caller has gone.
        return
    if isinstance(waiter, Future) and not waiter.set_running_or_notify_cancel():
        return  # It went just now.
    if isinstance(answer, BaseException):
        waiter.set_exception(answer)
    else:
        waiter.set_result(answer)
