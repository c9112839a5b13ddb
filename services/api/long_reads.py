"""Threads that read what takes long: definitions, which are compiled, and whatever is large. The
event loop goes on meanwhile, and all others are answered.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

from domain.errands import on
from services.api.problems import Turned
from services.api.questions_in_hand import QuestionInHand
from services.threads import Threads

Read = TypeVar("Read")


class LongReads:
    """A small pool, before which not many wait.

    what: is read here, as whoever comes too many is told
    """

    def __init__(self, threads: int, most_waiting: int, what: str) -> None:
        self._pool = Threads(threads, f"orderpath {what}")
        self._most_waiting = most_waiting
        self._what = what
        self._lock = Lock()
        self.in_hand = 0  # waiting or being read

    async def read(self, work: Callable[[], Read]) -> Read:
        """Read something. Where nobody waits for it any more, a definition ends between two of its
        conditions or texts; what was compiled is remembered for whoever sends it again.

        Raises: Turned busy, and what the work raises
        """
        with self._lock:
            if self.in_hand >= self._most_waiting:
                raise Turned("busy", f"too many {self._what} wait to be read", retry_seconds=1)
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

    def _ended(self, _reading: Future[Any]) -> None:
        with self._lock:
            self.in_hand -= 1


def _read(work: Callable[[], Read], errand: QuestionInHand) -> Read:
    with on(errand):
        return work()
