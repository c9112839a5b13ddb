"""One process that sends commands to our pipeline. Started by write_path."""

import asyncio
from collections.abc import Iterator
from time import perf_counter, process_time

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.measure import peak_memory_mb
from benchmarks.orders import moves, order_ids, places
from domain.messages import Command
from infra.settings import Settings
from services.bootstrap import open_system
from services.pipeline import Pipeline

WARM_UP_SECONDS = 0.7


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


def main() -> None:
    """Measure what the wish says."""
    asked = wish()
    part, callers = asked["part"], asked["callers"]
    commands: Iterator[Command]
    commands = (
        places()
        if asked["what"] == "place"
        else moves(order_ids(part, asked["parts"]), seed=part + 1)
    )
    settings = Settings(database_url=asked["url"], log_level="error")
    with open_system(settings) as system:
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
