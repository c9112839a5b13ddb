"""What the event loop hands to the projector thread: in order, bounded, and never in its way."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from consumers.hand_over import PLAIN_BYTES, HandOver, Incoming

TWO_BYTES = 2 * PLAIN_BYTES + 1  # Two records fit, and no third one.


def record(offset: int, size: int = 10) -> Incoming:
    return Incoming("a.topic", 3, offset, {}, b"x" * size)


def test_records_come_out_in_the_order_in_which_they_came() -> None:
    hand_over = HandOver()

    async def fill() -> None:
        for offset in range(3):
            await hand_over.put(record(offset))

    asyncio.run(fill())

    assert [hand_over.take(0) for _ in range(3)] == [record(offset) for offset in range(3)]
    assert hand_over.take(0) is None


def test_a_full_hand_over_lets_the_loop_wait_until_the_thread_takes() -> None:
    hand_over = HandOver(most_bytes=TWO_BYTES)
    taken: list[Incoming | None] = []

    async def fill() -> None:
        for offset in range(2):
            await hand_over.put(record(offset))
        third = asyncio.create_task(hand_over.put(record(2)))
        await asyncio.sleep(0)
        assert not third.done(), "There is no room."
        with ThreadPoolExecutor(1) as thread:
            taken.append(await asyncio.wrap_future(thread.submit(hand_over.take, 1)))
        await asyncio.wait_for(third, 5)

    asyncio.run(fill())

    assert taken == [record(0)]
    assert [hand_over.take(0), hand_over.take(0)] == [record(1), record(2)]


@pytest.mark.parametrize(
    "small", [{"headers": {}, "value": b""}, {"headers": {"long": b"x" * 600}, "value": None}]
)
def test_records_without_a_value_are_bounded_too(small: dict[str, Any]) -> None:
    hand_over = HandOver(most_bytes=20 * PLAIN_BYTES)

    async def fill() -> int:
        for offset in range(100):
            put = hand_over.put(Incoming("a.topic", 3, offset, **small))
            try:
                await asyncio.wait_for(put, 0.1)
            except TimeoutError:
                return offset
        return 100

    assert asyncio.run(fill()) <= 20


def test_a_record_larger_than_all_room_goes_through() -> None:
    hand_over = HandOver(most_bytes=20)

    asyncio.run(hand_over.put(record(0, size=1_000)))

    assert hand_over.take(0) == record(0, size=1_000)


def test_the_end_lets_everybody_go() -> None:
    hand_over = HandOver(most_bytes=10)

    async def fill() -> None:
        await hand_over.put(record(0))
        second = asyncio.create_task(hand_over.put(record(1)))
        await asyncio.sleep(0)
        hand_over.close()
        await asyncio.wait_for(second, 5)
        await hand_over.put(record(2))

    asyncio.run(fill())

    assert hand_over.take(60) is None, "What waits is let go: it is read from the log."


def test_a_tombstone_is_a_record_too() -> None:
    hand_over = HandOver()
    nothing = Incoming("a.topic", 3, 0, {}, None)

    asyncio.run(hand_over.put(nothing))

    assert hand_over.take(0) == nothing
