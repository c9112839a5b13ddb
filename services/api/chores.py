"""What a server does now and then, whether anybody comes or not. Run by services.api.app.

Who read personal data and when keys were shown is noted in memory, and written within five
seconds; files that nobody imports are in clear, and go within a day.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from domain.refusals import InfraError
from services.api.problems import Turned
from services.faults import place_of_fault

NOTE_SECONDS: Final = 4.0  # between two times; a second is left for the writing itself

log_ = structlog.get_logger()


async def do_now_and_then(
    chore: Callable[[], None], seconds: float, ended: asyncio.Event, *, undone: str
) -> None:
    """Do a chore again and again until the server has ended, and once more then.

    undone: what is told where it cannot be done just now
    """
    while not ended.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
        await done_or_told(asyncio.to_thread(chore), undone=undone)


async def done_or_told(work: Awaitable[object], *, undone: str) -> None:
    """Do what nobody waits for; where it fails the log says so, and where: the next time may go
    well.
    """
    try:
        await work
    except (Turned, InfraError) as error:
        log_.warning(undone, code=error.code)
    except Exception as error:  # noqa: BLE001 - nobody else hears of it; not what it says
        log_.error(undone, error=type(error).__name__, at=place_of_fault(error))
