"""Threads that read the commands whose reading takes long: definitions, which are compiled, and
what is large. The event loop goes on meanwhile, and all others are answered.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from domain.errands import on
from domain.messages import Command
from services.api.problems import Turned
from services.api.questions_in_hand import QuestionInHand
from services.threads import Threads


class LongCommands:
    """A small pool, before which not many wait."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._pool = Threads(threads, "orderpath long commands")
        self._most_waiting = most_waiting
        self._lock = Lock()
        self.in_hand = 0  # commands, waiting or being read

    async def read(self, work: Callable[[], Command]) -> Command:
        """Read a command. Where nobody waits for it any more, that ends between two of its
        conditions or texts; what was compiled is remembered for whoever sends it again.

        Raises: Turned busy, and what the work raises
        """
        with self._lock:
            if self.in_hand >= self._most_waiting:
                message = "too many definitions and large commands wait to be read"
                raise Turned("busy", message, retry_seconds=1)
            self.in_hand += 1
        errand = QuestionInHand()
        reading = self._pool.submit(_read, work, errand)
        reading.add_done_callback(self._ended)  # Also of what is read on for nobody.
        try:
            return await asyncio.wrap_future(reading)
        finally:
            errand.call_off()

    def close(self) -> None:
        """Read to the end what is in hand."""
        self._pool.shutdown()

    def _ended(self, _reading: Future[Command]) -> None:
        with self._lock:
            self.in_hand -= 1


def _read(work: Callable[[], Command], errand: QuestionInHand) -> Command:
    with on(errand):
        return work()
