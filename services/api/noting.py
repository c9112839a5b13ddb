"""Writes what was noted within five seconds, whether anybody comes again or not.

Who read personal data and when keys were shown is noted in memory. Run by services.api.app.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from domain.refusals import InfraError
from services.api.callers import Access

NOTE_SECONDS: Final = 4.0  # between two times; a second is left for the writing itself

log_ = structlog.get_logger()


async def keep_notes(access: Access, ended: asyncio.Event, seconds: float = NOTE_SECONDS) -> None:
    """Write again and again until the server has ended, and once more then."""
    while not ended.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
        try:
            await asyncio.to_thread(access.write_notes)
        except InfraError as error:
            log_.warning("notes_not_written", code=error.code)
