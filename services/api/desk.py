"""What every handler of the API needs: who calls, the pipeline, the readers, limits and counts.

One for each process; it lives on the event loop, except for what runs in the readers' threads.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from fastapi import Request

from services.api.callers import Access, Caller
from services.api.chores import done_or_told
from services.api.counts import Counts
from services.api.limits import Limits, Rates
from services.api.long_reads import LongReads
from services.api.positions import Positions
from services.api.problems import Turned
from services.api.readers import Readers
from services.api.seats import Seats
from services.api.tables import Reached, TablesSeen, bring_forward, reached
from services.imports.jobs import ImportJobs, put_files
from services.together import Together

if TYPE_CHECKING:
    from services.bootstrap import System
    from services.pipeline import Pipeline

ENDS: Final = "the server ends: ask again, a command with the same key; another one answers"
AWAY_SECONDS: Final = 5  # until somebody serves again
Done = TypeVar("Done")


@dataclass
class FrontDesk:
    """Opened by services.api.app when the server starts, closed when it ends."""

    system: "System"
    access: Access
    limits: Limits
    readers: Readers
    watcher: Readers  # a thread that only looks how far log and tables are: no question holds it up
    forwarder: Readers  # a thread that brings tables forward: it takes no place of a question
    log_id: UUID
    imports: ImportJobs
    key_secret: bytes  # by which Idempotency-Keys become ids
    description: Together[tuple[bytes, bytes]]  # of the API, and the same zipped
    counts: Counts = field(default_factory=Counts)
    ending: asyncio.Event = field(default_factory=asyncio.Event)  # streams end, nothing new waits
    lines: int = 0  # to callers, that are open
    in_hand: int = 0  # requests that wait for their answer

    def __post_init__(self) -> None:
        self.long_commands = LongReads(
            self.limits.long_commands, self.limits.long_waiting, "definitions and large commands"
        )
        self.large_bodies = LongReads(
            self.limits.large_bodies, self.limits.large_waiting, "large requests"
        )
        self.head = Together(self._head)
        self.reached = Together(self._reached)
        self.positions = Positions(self.head.wait)
        half = max(1, self.limits.questions_waiting // 2)
        self.waiting_questions = Seats("questions", self.limits.questions_waiting, half)
        self.tables = TablesSeen(self.reached.wait, self._bring_forward, self.waiting_questions)
        # Of those who ask the feed again and again: half the places are for other questions.
        self.feed_turns = asyncio.Semaphore(half)
        self.polls = Seats("requests", self.limits.polls, self.limits.polls_each)
        self.streams = Seats("streams", self.limits.streams, self.limits.streams_each)
        self._dues: dict[asyncio.Timeout, float] = {}  # of all in hand; seconds from the end on
        self._ended_at = float("inf")  # when it began to end, by the loop's clock
        self.rates = Rates(self.limits.per_second)
        self.heartbeat = self.system.heartbeat("serve")
        self.put_files = put_files(self.system.settings.data_dir, self.limits.import_bytes)

    @property
    def pipeline(self) -> "Pipeline":
        return self.system.pipeline

    async def admit(self, request: Request, right: str | None = None) -> Caller:
        """Tell who calls, if he may ask that much now, and has the right if one is named.

        Raises: UnknownCaller, Denied, Turned too_many
        """
        caller = await self.access.caller(request.headers)
        request.state.caller = caller.name
        self.rates.take(caller.name)
        if right is not None:
            self.access.check_right(caller, right)
        return caller

    def admit_anybody(self, request: Request) -> None:
        """Count somebody who needs no right, by where he calls from. Raises: Turned too_many"""
        self.rates.take(f"address:{request.client.host if request.client else ''}")

    async def read(
        self, caller: Caller | None, right: str, work: "Callable[[System], Done]"
    ) -> Done:
        """Do something in a reader's thread, where no more is seen than the caller sees.

        caller: None: whoever it is, what he asked for holds the secret
        """

        def seen(system: "System") -> Done:
            if caller is None:
                return work(system)
            with self.access.reading(caller, right):
                return work(system)

        async with self.question_in_time():
            return await self.readers.run(seen, to_its_end=False)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Count a request no more among those in hand: it waits, and is counted elsewhere."""
        self.in_hand -= 1
        try:
            yield
        finally:
            self.in_hand += 1

    @asynccontextmanager
    async def question_in_time(self) -> AsyncIterator[None]:
        """Turn a question away that takes longer, or that is not answered while the server ends."""
        limits = self.limits
        async with self._in_time(limits.question_seconds, limits.question_ending_seconds):
            yield

    @asynccontextmanager
    async def command_in_time(self) -> AsyncIterator[None]:
        """Turn a command away that takes longer. It is answered for ever whatever became of it."""
        limits = self.limits
        async with self._in_time(limits.command_seconds, limits.command_ending_seconds):
            yield

    @asynccontextmanager
    async def _in_time(self, seconds: float, ending_seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds) as due:
                self._dues[due] = ending_seconds
                self._hasten(due)
                try:
                    yield
                finally:
                    del self._dues[due]
        except TimeoutError:
            if self.ending.is_set():
                raise Turned("busy", ENDS, retry_seconds=AWAY_SECONDS) from None
            message = f"no answer within {seconds:g} s: ask again, a command with the same key"
            raise Turned("too_slow", message, retry_seconds=1) from None

    def count_outcome(self, name: str, kind: str) -> None:
        """Count what became of a command."""
        self.counts.came_to(name, kind)

    async def _head(self) -> int:
        """Look how far the log is: where the loop and the database answer, there is life."""
        position = await self.watcher.run(lambda system: system.log.head().position)
        self.heartbeat.beat()
        return position

    async def _reached(self) -> Reached:
        return await self.watcher.run(reached)

    async def _bring_forward(self) -> None:
        """Bring the tables up to date. Questions wait for the tables, and not for this."""
        await done_or_told(self.forwarder.run(bring_forward), undone="tables_stand_still")

    def forget_old(self) -> None:
        """Remove what imports left long ago."""
        self.put_files.forget_old()
        self.imports.forget_old()

    def end(self) -> None:
        """Begin to end: nothing new waits, streams end, and nobody has long any more."""
        self.ending.set()
        self._ended_at = asyncio.get_running_loop().time()
        for due in self._dues:
            self._hasten(due)

    def _hasten(self, due: asyncio.Timeout) -> None:
        last = self._ended_at + self._dues[due]
        if not due.expired() and (due.when() or last) > last:
            due.reschedule(last)

    def close(self) -> Any:
        """Give back what was opened beside the system."""
        self.imports.close()
        self.heartbeat.end()
        self.large_bodies.close()
        self.long_commands.close()
        self.readers.close()
        self.forwarder.close()
        self.watcher.close()
