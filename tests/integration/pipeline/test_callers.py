"""Callers come from threads and event loops, and some of them go before they are answered."""

import asyncio

from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import Gate, MeddlingLog
from tests.support.loads import note, now, open_pipeline


def test_async_callers_of_one_loop_all_get_their_answers(shop: Shop) -> None:
    async def ask(pipeline: Pipeline) -> list[int]:
        commands = [note(shop.order_id) for _ in range(200)]
        outcomes = await asyncio.gather(*[pipeline.execute_async(one) for one in commands])
        return [outcome.versions[shop.stream_id] for outcome in outcomes]

    with open_pipeline(shop.url) as pipeline:
        versions = asyncio.run(ask(pipeline))

    assert versions == list(range(2, 202))


def test_a_command_whose_caller_was_cancelled_is_done_all_the_same(shop: Shop) -> None:
    gate = Gate()

    async def ask(pipeline: Pipeline) -> int:
        cancelled = asyncio.create_task(pipeline.execute_async(note(shop.order_id)))
        await asyncio.to_thread(gate.wait)
        other = asyncio.create_task(pipeline.execute_async(note(shop.order_id)))
        cancelled.cancel()
        gate.open()
        return (await other).versions[shop.stream_id]

    with Pipeline(MeddlingLog(shop.log, gate), now) as pipeline:
        assert asyncio.run(ask(pipeline)) == 3


def test_a_loop_that_ended_before_its_answers_does_no_harm(shop: Shop) -> None:
    gate = Gate()

    async def leave(pipeline: Pipeline) -> None:
        asyncio.get_running_loop().create_task(pipeline.execute_async(note(shop.order_id)))
        await asyncio.to_thread(gate.wait)

    log = MeddlingLog(shop.log, gate)
    with Pipeline(log, now) as pipeline:
        asyncio.run(leave(pipeline))
        log.meddle = None
        later = pipeline.submit(note(shop.order_id))
        gate.open()

        assert later.result().versions == {shop.stream_id: 3}
