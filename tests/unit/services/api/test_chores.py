"""What was noted is written soon, whoever comes next; a database that is away loses none of it."""

import asyncio
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from domain.refusals import InfraError
from services.api.chores import NOTE_SECONDS, do_now_and_then
from tests.support.doorkeeper import Doorkeeper
from tests.support.waiting import ROOM_SECONDS


@dataclass
class Notes(Doorkeeper):
    """Counts how often it was told to write; the database may be away at some of them."""

    writes: int = 0
    away_at: tuple[int, ...] = ()
    broken_at: tuple[int, ...] = ()
    enough: int = 3
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None

    def write_notes(self) -> None:
        self.writes += 1
        if self.writes >= self.enough and self.loop is not None:
            self.loop.call_soon_threadsafe(self.seen.set)
        if self.writes in self.away_at:
            raise InfraError("database_unavailable", "it is away")
        if self.writes in self.broken_at:
            raise ZeroDivisionError


async def keep(notes: Notes, ended: asyncio.Event, seconds: float) -> None:
    await do_now_and_then(notes.write_notes, seconds, ended, undone="notes_not_written")


async def kept(notes: Notes, seconds: float = 0.001) -> None:
    """Keep notes until they were written often enough, then end as a server does."""
    notes.loop, ended = asyncio.get_running_loop(), asyncio.Event()
    keeping = asyncio.create_task(keep(notes, ended, seconds))
    async with asyncio.timeout(ROOM_SECONDS):
        await notes.seen.wait()
        ended.set()
        await keeping


def test_notes_are_written_again_and_again_though_nobody_comes() -> None:
    notes = Notes()

    asyncio.run(kept(notes))

    assert notes.writes >= notes.enough


def test_a_database_that_is_away_ends_nothing_and_is_told_of() -> None:
    notes = Notes(away_at=(1,))

    with capture_logs() as logged:
        asyncio.run(kept(notes))

    assert notes.writes >= notes.enough
    told = [(one["event"], one["code"]) for one in logged]
    assert told == [("notes_not_written", "database_unavailable")]


def test_a_chore_that_fails_is_done_again_and_tells_not_what_the_error_says() -> None:
    notes = Notes(broken_at=(1,))

    with capture_logs() as logged:
        asyncio.run(kept(notes))

    assert notes.writes >= notes.enough
    told = [(one["event"], one["error"]) for one in logged]
    assert told == [("notes_not_written", "ZeroDivisionError")]
    assert logged[0]["at"].startswith("write_notes, line ")


def test_a_server_that_ends_writes_its_last_notes() -> None:
    notes = Notes()

    async def ended_at_once() -> None:
        ended = asyncio.Event()
        ended.set()
        keeping = asyncio.create_task(keep(notes, ended, ROOM_SECONDS))
        await keeping

    asyncio.run(ended_at_once())
    assert notes.writes == 0  # Whoever ends before anything began has noted nothing.

    async def ended_soon() -> None:
        ended = asyncio.Event()
        keeping = asyncio.create_task(keep(notes, ended, ROOM_SECONDS))
        await asyncio.sleep(0)
        ended.set()
        await asyncio.wait_for(keeping, ROOM_SECONDS)

    asyncio.run(ended_soon())
    assert notes.writes == 1


def test_notes_are_written_within_the_five_seconds_that_are_promised() -> None:
    assert NOTE_SECONDS < 5
