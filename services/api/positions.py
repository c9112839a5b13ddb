"""How far the log is, as this process knows it, and who waits for it to go on. For one event loop.

Every answer tells a position: whatever stands in the log up to there, the answer knows of.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from domain.refusals import InfraError
from services.api.problems import Turned

LOOK_SECONDS: Final = 0.05  # between two looks while somebody waits: others write too
REST_SECONDS: Final = 1.0  # and while nobody does

log_ = structlog.get_logger()


class Positions:
    """The highest position that is known, from our own answers and from looks at the log."""

    def __init__(self, look: Callable[[], Awaitable[int]]) -> None:
        self._look = look
        self.known = 0
        self._moved = asyncio.Event()
        self._wanted = asyncio.Event()
        self._waiting = 0

    def saw(self, position: int) -> None:
        """Note a position that the log has reached."""
        if position > self.known:
            self.known = position
            self._moved.set()
            self._moved = asyncio.Event()

    async def above(self, position: int, seconds: float) -> bool:
        """Wait until the log goes beyond a position. False: it did not, for so long."""
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                while self.known <= position:
                    await self._moved.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def watch(self) -> None:
        """Look at the log again and again, until it is cancelled."""
        while True:
            try:
                self.saw(await self._look())
            except (Turned, InfraError) as error:
                log_.warning("log_not_seen", code=error.code)
            if self._waiting:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                self._wanted.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(REST_SECONDS):
                        await self._wanted.wait()
