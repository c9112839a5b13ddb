"""What works for those who wait, and is told to end: who comes afterwards hears that he may come
again. For whatever a server may ask while it ends.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from domain.refusals import InfraError

Given = ParamSpec("Given")
Done = TypeVar("Done")


def closed() -> InfraError:
    """Give what is told to who comes too late."""
    return InfraError("pipeline_closed", "This process is stopping: send it again later")


class Threads(ThreadPoolExecutor):
    """A pool of threads that can be asked while it ends."""

    _ended = False

    def submit(
        self, work: Callable[Given, Done], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Done]:
        """Have something done. Raises: InfraError pipeline_closed once it has ended"""
        try:
            return super().submit(work, *args, **kwargs)
        except RuntimeError:
            if self._ended:
                raise closed() from None
            raise  # There are too many threads.

    def shutdown(self, *args: Any, **kwargs: Any) -> None:
        """End once all is done that was handed in."""
        self._ended = True
        super().shutdown(*args, **kwargs)
