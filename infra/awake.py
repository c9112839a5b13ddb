"""Keeps sessions awake in whose transactions we compute: a server ends those that say nothing.

That it does so frees what a frozen process holds. A process that only computes for long, on a busy
machine, is not frozen: a thread says so for it. What freezes takes that thread with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event as Signal
from threading import Lock, Thread
from typing import Any, Final

from psycopg import Connection, Error
from psycopg.pq import TransactionStatus

EVERY_SECONDS: Final = 0.5
MOST_TIMES: Final = 600  # in one transaction, five minutes: what takes longer hangs


@dataclass(slots=True, eq=False)
class _Kept:
    connection: Connection[Any]
    times_left: int


class Awake:
    """One thread for all sessions of a process; it ends when none is kept."""

    def __init__(self, every_seconds: float = EVERY_SECONDS, most_times: int = MOST_TIMES) -> None:
        self._every_seconds = every_seconds
        self._most_times = most_times
        self._kept: list[_Kept] = []
        self._thread: Thread | None = None
        self._lock = Lock()

    @contextmanager
    def keeping(self, connection: Connection[Any]) -> Iterator[None]:
        """Keep a session awake within the block, if that does not last too long."""
        kept = _Kept(connection, self._most_times)
        with self._lock:
            self._kept.append(kept)
            if self._thread is None or not self._thread.is_alive():  # It is not there in a fork.
                self._thread = Thread(target=self._run, name="orderpath awake", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._kept.remove(kept)

    def _run(self) -> None:
        while not Signal().wait(self._every_seconds):
            with self._lock:
                kept = list(self._kept)
                if not kept:
                    self._thread = None
                    return
            for one in kept:
                if one.times_left:
                    one.times_left -= 1
                    _say_something(one.connection)


def _say_something(connection: Connection[Any]) -> None:
    """Say it only where nobody else speaks: whoever does is heard anyway."""
    if not connection.lock.acquire(blocking=False):
        return
    try:
        if connection.pgconn.transaction_status == TransactionStatus.INTRANS:
            with suppress(Error):  # Whoever works there is told with his next statement.
                connection.pgconn.exec_(b"select")
    finally:
        connection.lock.release()


KEPT_AWAKE: Final = Awake()
