"""However many wait with one key, it is looked up once for all of them."""

import asyncio
from collections.abc import Mapping
from functools import partial

import pytest

from domain.refusals import UnknownCaller
from services.api.callers import Caller, caller_of, who_of
from services.together import Together
from tests.support.doorkeeper import Doorkeeper

ANN = {"authorization": "Bearer ann"}
FOR_EVE = {**ANN, "x-on-behalf-of": "eve"}
MANY = 500


class SlowDoor(Doorkeeper):
    """Takes its time, until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.let = asyncio.Event()

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        self.looks += 1
        await self.let.wait()
        return await super().caller(headers)


async def looked(headers: Mapping[str, str], *, give_up: int = 0) -> tuple[int, int, object]:
    """Let many look; give how often the door was asked, how many were told, and what."""
    door = SlowDoor()
    looks = Together(partial(caller_of, door))
    waiting = [asyncio.ensure_future(looks.wait(*who_of(headers))) for _ in range(MANY)]
    await asyncio.sleep(0)
    for one in waiting[:give_up]:
        one.cancel()
    await asyncio.sleep(0)
    door.let.set()
    told = await asyncio.gather(*waiting[give_up:], return_exceptions=True)
    return door.looks, len(told), told[0]


@pytest.mark.parametrize("give_up", [0, 1, MANY - 1])
def test_one_look_serves_all_who_wait_whoever_of_them_gives_up(give_up: int) -> None:
    times, number, caller = asyncio.run(looked(ANN, give_up=give_up))

    assert (times, number) == (1, MANY - give_up)
    assert isinstance(caller, Caller)


def test_a_key_that_opens_nothing_is_told_to_all_of_them() -> None:
    times, number, error = asyncio.run(looked({"authorization": "Bearer nobody"}))

    assert (times, number) == (1, MANY)
    assert isinstance(error, UnknownCaller)


def test_a_look_is_for_one_key_and_one_person_and_the_next_one_looks_anew() -> None:
    async def look() -> tuple[list[Caller], int]:
        door = SlowDoor()
        door.let.set()
        looks = Together(partial(caller_of, door))
        both = await asyncio.gather(looks.wait(*who_of(ANN)), looks.wait(*who_of(FOR_EVE)))
        return [*both, await looks.wait(*who_of(ANN))], door.looks

    callers, times = asyncio.run(look())

    assert [one.on_behalf_of for one in callers] == [None, "eve", None]
    assert times == 3
