"""Waiting for what nobody tells of: the files, ports and locks of another process."""

import time
from collections.abc import Callable
from typing import Final

LOOK_SECONDS: Final = 0.02  # between two looks


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Look again and again; False: it does not hold when the time is over."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)  # No event to wait for, and the wait is bounded.
    return True
