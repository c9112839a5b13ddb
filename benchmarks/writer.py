"""One process that sends commands to our pipeline. Started by write_path."""

import asyncio
from collections.abc import Iterator
from time import perf_counter, process_time
from uuid import UUID

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.guarded import guarded_moves
from benchmarks.measure import peak_memory_mb
from benchmarks.orders import moves, nothing, order_ids, places
from domain.messages import Command
from infra.settings import Settings
from services.bootstrap import open_system
from services.pipeline import Pipeline

WARM_UP_SECONDS = 0.7


async def remember(pipeline: Pipeline, ids: list[UUID]) -> None:
    """Bring the state of every order into memory, where it is once something was asked of it."""
    await asyncio.gather(*(pipeline.execute_async(nothing(order_id)) for order_id in ids))


async def send(
    pipeline: Pipeline, commands: Iterator[Command], callers: int, seconds: float
) -> list[float]:
    """Let callers send one command after the other; give how long each took, in seconds."""
    latencies: list[float] = []
    end = perf_counter() + seconds

    async def caller() -> None:
        now = perf_counter()
        while now < end:
            outcome = await pipeline.execute_async(next(commands))
            if outcome.kind != "accepted":
                raise RuntimeError(f"{outcome.kind}: {outcome.unmet}")
            began, now = now, perf_counter()
            latencies.append(now - began)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return latencies


def _commands(what: str, part: int, parts: int) -> Iterator[Command]:
    if what == "place":
        return places()
    if what == "guarded":
        return guarded_moves(seed=part + 1)
    return moves(order_ids(part, parts), seed=part + 1)


def main() -> None:
    """Measure what the wish says."""
    asked = wish()
    part, callers = asked["part"], asked["callers"]
    commands = _commands(asked["what"], part, asked["parts"])
    settings = Settings(
        database_url=asked["url"], log_level="error", cache_streams=asked["cache_streams"]
    )
    with open_system(settings) as system:
        if asked["what"] == "move":
            asyncio.run(remember(system.pipeline, order_ids(part, asked["parts"])))
        asyncio.run(send(system.pipeline, commands, callers, WARM_UP_SECONDS))
        wait_for_start()
        began, cpu = perf_counter(), process_time()
        latencies = asyncio.run(send(system.pipeline, commands, callers, asked["seconds"]))
        answer(
            {
                "latencies": latencies,
                "seconds": perf_counter() - began,
                "cpu_s": process_time() - cpu,
                "memory_mb": peak_memory_mb(),
            }
        )


if __name__ == "__main__":
    main()
