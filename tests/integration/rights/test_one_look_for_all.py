"""However many show the same key or token at a time, it is looked up once for all of them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from threading import Event

import pytest

from domain.access.identity import Identity
from domain.refusals import UnknownCaller
from services.access import KnownCallers
from services.api.callers import Caller
from services.bootstrap import System
from tests.integration.rights.conftest import Hours
from tests.support.waiting import ROOM_SECONDS

ANN = {"authorization": "Bearer ann"}
MANY = 500


class SlowProvider:
    """Takes its time, until it is let; knows ann. Implements Tokens."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let = Event()

    def identity(self, token: str) -> Identity:
        self.asked.append(token)
        assert self.let.wait(ROOM_SECONDS)
        if f"Bearer {token}" != ANN["authorization"]:
            raise UnknownCaller("nobody")
        return Identity("user", token)


@pytest.fixture
def provider() -> SlowProvider:
    return SlowProvider()


@pytest.fixture
def access(system: System, hours: Hours, provider: SlowProvider) -> Iterator[KnownCallers]:
    opened = KnownCallers(system, provider, ticks=lambda: hours.ticks)
    yield opened
    opened.close()


async def crowd(
    access: KnownCallers, provider: SlowProvider, headers: Mapping[str, str], give_up: int = 0
) -> list[object]:
    """Let many call at once, and some of them give up; give what the others were told."""
    calling = [asyncio.ensure_future(access.caller(headers)) for _ in range(MANY)]
    await asyncio.sleep(0)  # All of them wait now.
    for one in calling[:give_up]:
        one.cancel()
    await asyncio.sleep(0)
    provider.let.set()
    return await asyncio.gather(*calling[give_up:], return_exceptions=True)


@pytest.mark.parametrize("give_up", [0, 1, MANY - 1])
def test_one_look_serves_all_who_wait_whoever_of_them_gives_up(
    access: KnownCallers, provider: SlowProvider, give_up: int
) -> None:
    told = asyncio.run(crowd(access, provider, ANN, give_up))

    assert provider.asked == ["ann"]
    assert len(told) == MANY - give_up
    assert {one.id for one in told if isinstance(one, Caller)} == {"ann"}


def test_a_token_that_opens_nothing_is_told_to_all_of_them(
    access: KnownCallers, provider: SlowProvider
) -> None:
    told = asyncio.run(crowd(access, provider, {"authorization": "Bearer nobody"}))

    assert provider.asked == ["nobody"]
    assert {type(one) for one in told} == {UnknownCaller}


def test_when_what_was_seen_grows_old_one_looks_anew_for_all(
    access: KnownCallers, provider: SlowProvider, hours: Hours
) -> None:
    asyncio.run(crowd(access, provider, ANN))
    hours.pass_by()
    told = asyncio.run(crowd(access, provider, ANN))

    assert provider.asked == ["ann", "ann"]
    assert len(told) == MANY


def test_who_shows_the_same_key_acts_for_whom_he_says(
    access: KnownCallers, make: Callable[..., str]
) -> None:
    key = {"authorization": f"Bearer {make('web', 'shop_front', on_behalf=True)}"}

    async def both() -> tuple[Caller, Caller]:
        for_eve = {**key, "x-on-behalf-of": "eve"}
        return await asyncio.gather(access.caller(key), access.caller(for_eve))

    assert [one.on_behalf_of for one in asyncio.run(both())] == [None, "eve"]
