"""Threads that answer questions, each with a System of its own, and so with connections of its own.

A long report keeps one of them; the others, the commands and the event loop go on.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from threading import Lock, local
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import structlog

from domain.errands import on
from domain.refusals import InfraError
from services.api.problems import Turned
from services.api.questions_in_hand import QuestionInHand

if TYPE_CHECKING:
    from services.bootstrap import System

LOOK_SECONDS: Final = 0.02  # between two looks at the tables
FRESH_SECONDS: Final = 0.1  # that how far they are is not looked at again
PATIENCE_SECONDS: Final = 0.3  # that a read waits for whoever feeds the tables, before it helps
Done = TypeVar("Done")
Least = int | Literal["head"] | None

log_ = structlog.get_logger()


class Readers:
    """A small pool. `system` makes one System; it is called once in each thread."""

    def __init__(
        self, system: "Callable[[], System]", threads: int, most_waiting: int, name: str = "reader"
    ) -> None:
        self._system = system
        self._most_waiting = most_waiting
        self._pool = ThreadPoolExecutor(threads, f"orderpath {name}")
        self._calling_off = ThreadPoolExecutor(threads, f"orderpath {name} calling off")
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


def tables_position(system: "System") -> int:
    """Say how far the tables are: everything in the log up to there stands in them."""
    head = system.log.head().position  # First: what is appended meanwhile is not promised.
    waiting = system.read_models.find_oldest_waiting()
    return head if waiting is None else min(head, waiting[0] - 1)


def tables_lag(system: "System") -> int:
    """Say how many positions the tables are behind the log."""
    return max(system.log.head().position - tables_position(system), 0)


class TablesSeen:
    """How far the tables were a moment ago: all who read just then need not look again.

    One for each server; threads may share it.
    """

    def __init__(self, ticks: Callable[[], float] = monotonic) -> None:
        self._ticks = ticks
        self._seen = (float("-inf"), 0)

    def wait(self, system: "System", least: Least, seconds: float) -> int:
        """Do as await_tables does; what is given may be less than it would be, never more."""
        at, position = self._seen
        if least == "head" or position < (least or 0) or self._ticks() - at > FRESH_SECONDS:
            at = self._ticks()
            position = await_tables(system, least, seconds)
            self._seen = (at, position)
        return position


_helping: Final = Lock()


def await_tables(system: "System", least: Least, seconds: float) -> int:
    """Wait until the tables hold what is asked for, and give how far they are.

    Where nobody feeds them, as the CLI finds it without `up`, whoever reads brings them up to date.
    Raises: Turned behind when time is over
    """
    least = system.log.head().position if least == "head" else least or 0
    began = monotonic()
    while (position := tables_position(system)) < least:
        waited = monotonic() - began
        if waited >= seconds:
            message = f"the tables are at position {position}, not yet at {least}"
            raise Turned("behind", message, retry_seconds=1)
        if waited >= PATIENCE_SECONDS and _helping.acquire(blocking=False):
            try:
                if system.read_models.driver() == "follower":
                    with on(None):  # It is done for all who read, whoever of them does it.
                        system.catch_up()
            finally:
                _helping.release()
        Signal().wait(LOOK_SECONDS)
    return position


def prepared(system: "System") -> Any:
    """See that the tables are there: a first question must not find none."""
    system.prepare_projections()
