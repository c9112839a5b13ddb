"""Waiting for something to hold: looked at again and again; only a fault reaches the end."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Final

ROOM_SECONDS: Final = 90.0  # far more than any wait takes; reached only by a fault
LOOK_SECONDS: Final = 0.02


def wait_for(
    holds: Callable[[], bool],
    what: str = "it never held",
    seconds: float = ROOM_SECONDS,
    *,
    seen: tuple[object, ...] = (),
    every: float = LOOK_SECONDS,
) -> None:
    """Wait until something holds.

    what, seen: told if it does not in time
    every: seconds between two looks; more where a look takes long itself
    Raises: AssertionError with these
    """
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, (what, *seen)
        Event().wait(every)
