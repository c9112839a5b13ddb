"""Threads that answer questions, each with a System of its own, and so with connections of its own.

A long report keeps one of them; the others, the commands and the event loop go on.
"""

import asyncio
from collections.abc import Callable
from threading import Lock, local
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from domain.errands import on
from domain.refusals import InfraError
from services.api.problems import Turned
from services.api.questions_in_hand import QuestionInHand
from services.threads import Threads

if TYPE_CHECKING:
    from services.bootstrap import System

Done = TypeVar("Done")

log_ = structlog.get_logger()


class Readers:
    """A small pool. `system` makes one System; it is called once in each thread."""

    def __init__(
        self, system: "Callable[[], System]", threads: int, most_waiting: int, name: str = "reader"
    ) -> None:
        self._system = system
        self._most_waiting = most_waiting
        self._pool = Threads(threads, f"orderpath {name}")
        self._calling_off = Threads(threads, f"orderpath {name} calling off")
        self._own = local()
        self._opened: list[System] = []
        self._lock = Lock()
        self.in_hand = 0  # questions, waiting or being answered

    async def run(self, work: "Callable[[System], Done]", *, to_its_end: bool = True) -> Done:
        """Do something with a thread's System. Raises: Turned busy, and what the work raises

        to_its_end: also when nobody waits for it any more, as a command; what is only read is
                    called off then, and so are its statements in the database
        """
        if self.in_hand >= self._most_waiting:
            raise Turned("busy", "too many questions wait already", retry_seconds=1)
        self.in_hand += 1
        question = None if to_its_end else QuestionInHand()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._work, work, question)
        except asyncio.CancelledError:
            if question is not None:
                self._calling_off.submit(_call_off, question)
            raise
        finally:
            self.in_hand -= 1

    def _work(self, work: "Callable[[System], Done]", question: QuestionInHand | None) -> Done:
        if not hasattr(self._own, "system"):
            self._own.system = made = self._system()
            with self._lock:
                self._opened.append(made)
        with on(question):
            return work(self._own.system)

    def close(self) -> None:
        """Answer what is in hand and give every connection back."""
        self._pool.shutdown()
        self._calling_off.shutdown()
        for system in self._opened:
            system.close()


def _call_off(question: QuestionInHand) -> None:
    try:
        question.call_off()
    except InfraError as error:
        log_.warning("question_goes_on", code=error.code)


def prepared(system: "System") -> Any:
    """See that the tables are there: a first question must not find none."""
    system.prepare_projections()
