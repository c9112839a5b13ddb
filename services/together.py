"""What takes long and is the same for all who wait for it: it is done once for all of them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock


class Together:
    """Does a piece of work in a thread of its own, for all who asked before it began. Thread-safe.

    name: of the thread
    """

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, name)
        self._lock = Lock()
        self._coming: Future[None] | None = None

    def ask(self) -> Future[None]:
        """Give what is done once the work was, begun after now; it raises what the work raises.

        Others wait for the same: nobody may cancel it.
        """
        with self._lock:
            if self._coming is None or self._coming.running() or self._coming.done():
                self._coming = self._thread.submit(self._work)
            return self._coming

    def close(self) -> None:
        """Do what was asked for, then stop."""
        self._thread.shutdown()
