"""Between Faust's event loop and the projector thread: records that wait, up to a bound.

The agent puts each record in without leaving its thread; what does not fit waits in the loop.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Condition
from typing import Final

MOST_BYTES: Final = 4 * 1024 * 1024  # of records that wait: more than a second of work
PLAIN_BYTES: Final = 512  # what a record takes here beside its texts, about


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record as it came from the broker."""

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    value: bytes | None

    @property
    def size(self) -> int:
        """About how many bytes it takes while it waits; also one without headers and value."""
        headers = sum(len(name) + len(value) for name, value in self.headers.items())
        return PLAIN_BYTES + headers + len(self.value or b"")


class HandOver:
    """Filled by one event loop, emptied by one thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._waiting: deque[Incoming] = deque()
        self._bytes = 0
        self._changed = Condition()
        self._room = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def put(self, record: Incoming) -> None:
        """Hand a record over, once there is room. What comes after the end is let go."""
        self._loop = asyncio.get_running_loop()
        while not self._put(record):
            await self._room.wait()

    def _put(self, record: Incoming) -> bool:
        with self._changed:
            if self._bytes >= self._most_bytes and not self._closed:
                self._room.clear()
                return False
            if not self._closed:
                self._waiting.append(record)
                self._bytes += record.size
                self._changed.notify()
            return True

    def take(self, timeout_seconds: float) -> Incoming | None:
        """Take the record that waits longest; None: none came in time, or the end has come."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout_seconds)
            if not self._waiting or self._closed:
                return None
            record = self._waiting.popleft()
            self._bytes -= record.size
            if self._bytes < self._most_bytes:
                self._make_room()
            return record

    @property
    def waits(self) -> bool:
        """Whether a record waits."""
        return bool(self._waiting)

    def close(self) -> None:
        """End it: nobody waits any more, what waits is let go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._make_room()

    def _make_room(self) -> None:
        if self._loop is not None and not self._room.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._room.set)
