"""Work for somebody who may stop waiting: then what it asked others for is broken off, and it asks
for nothing more. Whoever works so sets ERRAND around it; infra.postgres lends connections by it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final, Protocol


class Errand(Protocol):
    """One piece of work. One thread does it; another one may call it off."""

    def asking(self, break_off: Callable[[], None]) -> AbstractContextManager[None]:
        """Let somebody else work for it within the block, who is broken off by this if it is called
        off meanwhile, and not afterwards. Raises: InfraError called_off
        """

    def check(self) -> None:
        """Look whether it was called off. Raises: InfraError called_off"""


ERRAND: Final[ContextVar[Errand | None]] = ContextVar("ERRAND", default=None)


def go_on() -> None:
    """Look, in the midst of what takes long, whether somebody waits for it. Raises: InfraError
    called_off
    """
    errand = ERRAND.get()
    if errand is not None:
        errand.check()


@contextmanager
def on(errand: Errand | None) -> Iterator[None]:
    """Let all of the block, in this thread, belong to an errand; None: nobody calls it off."""
    before = ERRAND.set(errand)
    try:
        yield
    finally:
        ERRAND.reset(before)
