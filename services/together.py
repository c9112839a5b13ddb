"""What takes long and is the same for all who wait for it: it is done once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar, TypeVarTuple

from services.threads import Threads

Done = TypeVar("Done")
Key = TypeVarTuple("Key")


class Together(Generic[Done, *Key]):
    """Does a piece of work for all who asked for it before it began, and never twice at a time for
    one key: nobody gets what is older than his question. Thread-safe.

    work:   what it raises is raised to all who wait for it
    thread: name of one of its own, which the work may hold up; None: the event loop of who asks
    """

    def __init__(
        self, work: Callable[[*Key], Awaitable[Done]], *, thread: str | None = None
    ) -> None:
        self._work = work
        self._thread = None if thread is None else Threads(1, thread)
        self._lock = Lock()
        self._coming: dict[tuple[*Key], Future[Done]] = {}
        self._going: dict[tuple[*Key], object] = {}  # whatever does it

    def ask(self, *key: *Key) -> Future[Done]:
        """Give what is done once the work was, begun after now. Others wait for the same: nobody
        may cancel it.

        Raises: InfraError pipeline_closed
        """
        with self._lock:
            if key not in self._going:
                self._going[key] = self._start(key)
            coming = self._coming.get(key)
            if coming is None:
                coming = self._coming[key] = Future()
            return coming

    async def wait(self, *key: *Key) -> Done:
        """Ask, and wait for it. Who gives up takes it from nobody else."""
        return await asyncio.shield(asyncio.wrap_future(self.ask(*key)))

    def close(self) -> None:
        """Do what was asked for, then stop."""
        if self._thread is not None:
            self._thread.shutdown()

    def _start(self, key: tuple[*Key]) -> object:
        if self._thread is None:
            return asyncio.ensure_future(self._work_off(key))
        return self._thread.submit(lambda: asyncio.run(self._work_off(key)))

    async def _work_off(self, key: tuple[*Key]) -> None:
        while (share := self._begun(key)) is not None:
            try:
                share.set_result(await self._work(*key))
            except asyncio.CancelledError:  # The loop ends, and so does who waits in it.
                with self._lock:
                    del self._going[key]
                    coming = self._coming.pop(key, share)
                share.cancel()
                coming.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - all who wait hear of it
                share.set_exception(error)

    def _begun(self, key: tuple[*Key]) -> Future[Done] | None:
        """Take what is to be done now: who asks from here on, waits for the next time."""
        with self._lock:
            share = self._coming.pop(key, None)
            if share is None:
                del self._going[key]
            return share
