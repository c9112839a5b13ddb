"""A question that a thread answers: it is called off once nobody waits for the answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Final

from domain.refusals import InfraError

AGAIN_SECONDS: Final = 0.2  # what is broken off between two statements is so once more


class QuestionInHand:
    """Implements domain.errands.Errand."""

    def __init__(self) -> None:
        self._called_off = False
        self._asked: list[Callable[[], None]] = []  # how to break off what others do for it now
        self._answered = Condition()

    @contextmanager
    def asking(self, break_off: Callable[[], None]) -> Iterator[None]:
        """Let somebody else work for it within the block. Raises: InfraError called_off"""
        with self._answered:
            self.check()
            self._asked.append(break_off)
        try:
            yield
        finally:
            with self._answered:  # Who breaks it off is done by then, and never meets another one.
                self._asked.remove(break_off)
                self._answered.notify_all()

    def check(self) -> None:
        """Raises: InfraError called_off"""
        if self._called_off:
            raise InfraError("called_off", "nobody waits for this answer any more")

    def call_off(self) -> None:
        """Break off what it asked for, again and again until that has ended."""
        with self._answered:
            self._called_off = True
            while self._asked:
                self._asked[-1]()
                self._answered.wait(AGAIN_SECONDS)
