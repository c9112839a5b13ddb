"""How far the tables are is looked at once for all who read just then, and never overstated."""

import asyncio
from dataclasses import dataclass

import pytest

from services.api.problems import Turned
from services.api.seats import Seats
from services.api.tables import FRESH_SECONDS, Least, Reached, TablesSeen
from tests.support.waiting import ROOM_SECONDS


@dataclass
class Shop:
    """Stands for a log and its tables: they hold all that was written, but what waits."""

    position: int = 7
    waiting: int = 0
    looks: int = 0
    fed: int = 0
    ends: bool = True  # what brings them forward
    error: Exception | None = None

    async def look(self) -> Reached:
        self.looks += 1
        return Reached(self.position, self.position - self.waiting)

    async def bring_forward(self) -> None:
        self.fed += 1
        if self.error is not None:
            raise self.error
        if not self.ends:
            await asyncio.Event().wait()
        self.waiting = 0


@dataclass
class Ticks:
    """A clock that stands still, or goes on whenever it is looked at."""

    now: float = 0.0
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def seen_by(shop: Shop, ticks: Ticks) -> TablesSeen:
    return TablesSeen(shop.look, shop.bring_forward, Seats("questions", 2, 1), ticks=ticks)


def wait(seen: TablesSeen, least: Least = None, seconds: float = 0.0) -> int:
    return asyncio.run(seen.wait("ann", least, seconds))


def test_who_reads_just_behind_another_is_told_what_that_one_was() -> None:
    ticks, shop = Ticks(), Shop()
    seen = seen_by(shop, ticks)

    assert wait(seen) == 7
    shop.position = 8
    assert [wait(seen), wait(seen, 7)] == [7, 7]
    assert shop.looks == 1
    ticks.now += 2 * FRESH_SECONDS
    assert wait(seen) == 8


def test_who_wants_more_than_was_seen_has_it_looked_at_again() -> None:
    shop = Shop()
    seen = seen_by(shop, Ticks())

    assert wait(seen) == 7
    shop.position = 8
    assert [wait(seen, 8), wait(seen, "head")] == [8, 8]
    with pytest.raises(Turned):
        wait(seen, 9)
    assert wait(seen) == 8


def test_what_the_log_has_not_reached_is_not_waited_for() -> None:
    shop = Shop()

    with pytest.raises(Turned, match="not yet at 9") as told:
        wait(seen_by(shop, Ticks()), 9, seconds=3_600)

    assert (told.value.code, told.value.retry_seconds, shop.looks) == ("behind", 1, 1)


def test_where_nobody_feeds_the_tables_who_waits_does() -> None:
    shop = Shop(waiting=3)

    assert wait(seen_by(shop, Ticks(step=0.1)), "head", seconds=3_600) == 7
    assert shop.fed == 1


def test_when_time_is_over_it_is_told_how_far_the_tables_are() -> None:
    with pytest.raises(Turned, match="at position 4, not yet at 7"):
        wait(seen_by(Shop(waiting=3), Ticks()), 7)


def test_who_waits_is_told_in_time_also_while_the_tables_are_still_brought_forward() -> None:
    shop = Shop(waiting=3, ends=False)

    async def waited() -> None:
        async with asyncio.timeout(ROOM_SECONDS):
            await seen_by(shop, Ticks(step=0.1)).wait("ann", "head", 1.0)

    with pytest.raises(Turned, match="at position 4, not yet at 7"):
        asyncio.run(waited())
    assert shop.fed == 1


def test_who_waits_hears_of_no_failure_of_bringing_the_tables_forward() -> None:
    shop = Shop(waiting=3, error=Turned("busy", "too many questions wait already"))

    with pytest.raises(Turned, match="at position 4, not yet at 7"):
        wait(seen_by(shop, Ticks(step=0.1)), "head", seconds=1.0)
    assert shop.fed >= 1
