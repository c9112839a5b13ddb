"""How far the tables are, and who waits for them to go on. For one event loop: no thread waits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from services.api.problems import Turned
from services.api.seats import Seats
from services.together import Together

if TYPE_CHECKING:
    from services.bootstrap import System

LOOK_SECONDS: Final = 0.02  # between two looks at the tables
FRESH_SECONDS: Final = 0.1  # that how far they are is not looked at again
PATIENCE_SECONDS: Final = 0.3  # that a read waits for whoever feeds the tables, before it helps
Least = int | Literal["head"] | None


@dataclass(frozen=True, slots=True)
class Reached:
    """Positions of the log."""

    head: int
    tables: int  # everything in the log up to there stands in them


def reached(system: "System") -> Reached:
    """Say how far the log and the tables are."""
    head = system.log.head().position  # First: what is appended meanwhile is not promised.
    waiting = system.read_models.find_oldest_waiting()
    return Reached(head, head if waiting is None else min(head, waiting[0] - 1))


def bring_forward(system: "System") -> None:
    """Bring the tables up to date where no worker does, as the CLI finds it without `up`."""
    if system.read_models.driver() == "follower":
        system.catch_up()


class TablesSeen:
    """How far the tables were a moment ago: all who read just then need not look again.

    look:          says how far they are now
    bring_forward: brings them up to date, and tells elsewhere what fails
    seats:         of those who wait
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Reached]],
        bring_forward: Callable[[], Awaitable[None]],
        seats: Seats,
        *,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._look = look
        self._forward = Together(bring_forward)
        self._seats = seats
        self._ticks = ticks
        self._seen = Reached(0, 0)
        self._seen_at = float("-inf")

    async def wait(self, caller: str, least: Least, seconds: float) -> int:
        """Wait until the tables hold what is asked for, and give how far they are: it may be less
        than it would be, never more.

        Raises: Turned behind when time is over, or at once if the log itself is not as far;
                Turned too_many, busy if too many wait already
        """
        seen = self._seen
        is_old = self._ticks() - self._seen_at > FRESH_SECONDS
        if is_old or least == "head" or seen.tables < (least or 0):
            seen = await self._looked()
        wanted = seen.head if least == "head" else least or 0
        if seen.tables < wanted <= seen.head:
            with self._seats.one_of(caller):
                seen = await self._waited(wanted, seconds)
        if seen.tables < wanted:
            message = f"the tables are at position {seen.tables}, not yet at {wanted}"
            raise Turned("behind", message, retry_seconds=1)
        return seen.tables

    async def _waited(self, wanted: int, seconds: float) -> Reached:
        """Look again and again; where nobody feeds the tables, one of those who wait has them
        brought forward. Nobody waits for that, or hears what fails there.
        """
        began = self._ticks()
        patience = PATIENCE_SECONDS
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            seen = await self._looked()
            waited = self._ticks() - began
            if seen.tables >= wanted or waited >= seconds:
                return seen
            if waited >= patience:
                patience = waited + PATIENCE_SECONDS
                self._forward.ask()

    async def _looked(self) -> Reached:
        at = self._ticks()
        seen = await self._look()
        self._seen, self._seen_at = seen, at
        return seen
