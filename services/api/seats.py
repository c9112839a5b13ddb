"""Seats of those who wait long and ask for little: so many in all, and so many of one caller.

For one event loop. Who has a seat is not counted among the requests in hand.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.api.problems import Turned

FULL_SECONDS: Final = 5  # after which somebody who found no seat may come again


class Seats:
    """Who waits now.

    what: they are, as a caller is told
    """

    def __init__(self, what: str, most: int, most_each: int) -> None:
        self._what = what
        self._most = most
        self._most_each = most_each
        self._each = Counter[str]()

    @property
    def taken(self) -> int:
        return self._each.total()

    @contextmanager
    def one_of(self, caller: str) -> Iterator[None]:
        """Have a seat within the block. Raises: Turned too_many, busy"""
        if self._each[caller] >= self._most_each:
            message = f"{self._most_each} {self._what} of this caller wait already"
            raise Turned("too_many", message, retry_seconds=FULL_SECONDS)
        if self.taken >= self._most:
            message = f"too many {self._what} wait already"
            raise Turned("busy", message, retry_seconds=FULL_SECONDS)
        self._each[caller] += 1
        try:
            yield
        finally:
            self._each[caller] -= 1
            if not self._each[caller]:
                del self._each[caller]
