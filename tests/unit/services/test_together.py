"""What is done once for many is begun after each of them asked for it."""

import asyncio
from collections.abc import Iterator
from threading import Semaphore

import pytest

from domain.refusals import InfraError
from services.together import Together


class Work:
    """Begins when it is told to; says how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.has_begun = Semaphore(0)
        self.may_end = Semaphore(0)
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.begun += 1
        self.has_begun.release()
        self.may_end.acquire()
        if self.error is not None:
            raise self.error


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def together(work: Work) -> Iterator[Together[None]]:
    opened = Together(work, thread="test")
    yield opened
    opened.close()


def test_who_asks_while_it_is_done_waits_for_the_next_time_with_all_others(
    together: Together[None], work: Work
) -> None:
    first = together.ask()
    work.has_begun.acquire()
    later = [together.ask() for _ in range(3)]

    work.may_end.release()
    first.result()
    work.has_begun.acquire()

    assert not any(one.done() for one in later)
    work.may_end.release()
    for one in later:
        one.result()
    assert work.begun == 2


def test_all_who_wait_hear_of_a_failure_and_the_next_ones_have_it_done_again(
    together: Together[None], work: Work
) -> None:
    work.error = OSError("away")
    work.may_end.release(2)
    with pytest.raises(OSError, match="away"):
        together.ask().result()

    work.error = None
    together.ask().result()

    assert work.begun == 2


def test_who_asks_after_the_end_is_told_so(together: Together[None], work: Work) -> None:
    work.may_end.release()
    asked = together.ask()

    together.close()

    assert asked.result() is None
    with pytest.raises(InfraError) as caught:
        together.ask()
    assert caught.value.code == "pipeline_closed"


class Look:
    """Looks at what changes, by the event loop, when it is let."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {"a": 0, "b": 0}
        self.going = dict.fromkeys(self.seen, 0)
        self.most_going = 0
        self.let = asyncio.Event()
        self.begun = asyncio.Event()

    async def __call__(self, key: str) -> int:
        self.going[key] += 1
        self.begun.set()
        self.most_going = max(self.most_going, *self.going.values())
        found = self.seen[key]
        await self.let.wait()
        self.going[key] -= 1
        return found


async def asked_and_changed(look: Look, together: Together[int, str]) -> list[int]:
    """Ask before and after a change that comes while the first look goes on."""
    first = asyncio.ensure_future(together.wait("a"))
    await look.begun.wait()
    look.seen["a"] = 1
    later = [asyncio.ensure_future(together.wait(key)) for key in ("a", "a", "b")]
    await asyncio.sleep(0)
    later.pop(0).cancel()
    look.let.set()
    return list(await asyncio.gather(first, *later))


def test_nobody_gets_what_is_older_than_his_question_whoever_gives_up() -> None:
    look = Look()

    assert asyncio.run(asked_and_changed(look, Together(look))) == [0, 1, 0]
    assert look.most_going == 1, "two looks of one key at once"


def test_what_is_broken_off_with_an_event_loop_goes_on_in_the_next_one() -> None:
    look = Look()
    together = Together(look)

    async def gave_up() -> None:
        asking = asyncio.ensure_future(together.wait("a"))
        await look.begun.wait()
        later = together.ask("a")
        asking.cancel()
        assert not later.done()

    async def asked() -> int:
        look.let = asyncio.Event()
        look.let.set()
        return await together.wait("a")

    asyncio.run(gave_up())
    assert asyncio.run(asked()) == 0
