"""One process that sends commands at a steady rate and sees when their rows are there.

Started by streams. Rows and checkpoint become visible in one transaction, so it watches those.
"""

import asyncio
from collections.abc import Iterator
from threading import Event as Signal
from threading import Thread
from time import perf_counter, sleep
from typing import Final

from benchmarks.arrivals import Look, Sent, delays
from benchmarks.checkpoints import read_checkpoints
from benchmarks.children import answer, wait_for_start, wish
from benchmarks.orders import moves, order_ids, place_all
from domain.messages import Command
from infra.postgres import connect
from infra.settings import Settings
from infra.shards import shard_of
from services.bootstrap import System, open_system
from services.pipeline import Pipeline
from services.waiting import await_workers

PATH: Final = "universal"  # whatever paths the simulated shop has of its own
LOOK_SECONDS: Final = 0.002
LONGEST_SECONDS: Final = 60.0  # until the last row is there; reached only by a fault


class Watch:
    """Looks at the checkpoints in a thread."""

    def __init__(self, url: str) -> None:
        self.looks: list[Look] = []
        self._stop = Signal()
        self._thread = Thread(target=self._run, args=(url,))
        self._thread.start()

    def _run(self, url: str) -> None:
        with connect(url) as session:
            while not self._stop.is_set():
                positions = read_checkpoints(session)
                if not self.looks or self.looks[-1].positions != positions:
                    self.looks.append(Look(perf_counter(), positions))
                sleep(LOOK_SECONDS)

    def end(self) -> list[Look]:
        self._stop.set()
        self._thread.join()
        return self.looks


async def send(
    pipeline: Pipeline, commands: Iterator[Command], per_second: float, seconds: float
) -> list[Sent]:
    """Send commands when they are due, whether earlier ones were answered or not."""
    sent: list[Sent] = []

    async def one(command: Command, due: float) -> None:
        outcome = await pipeline.execute_async(command)
        if outcome.last_position is None:
            raise RuntimeError(f"{outcome.kind}: {outcome.unmet}")
        (stream,) = outcome.versions
        sent.append(Sent(due, shard_of(stream), outcome.last_position))

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(round(per_second * seconds)):
            due = began + number / per_second
            await asyncio.sleep(max(due - perf_counter(), 0))
            group.create_task(one(next(commands), due))
    return sent


def main() -> None:
    """Measure what the wish says."""
    asked = wish()
    settings = Settings(database_url=asked["url"], log_level="error")
    with open_system(settings) as system:
        asyncio.run(place_all(system.pipeline, path=PATH))
        _await_rows(system)
        wait_for_start()
        watch = Watch(asked["url"])
        try:
            commands = moves(order_ids(), seed=1)
            sent = asyncio.run(
                send(system.pipeline, commands, asked["per_second"], asked["seconds"])
            )
            _await_rows(system)
        finally:
            looks = watch.end()
        answer({"delays": delays(sent, looks)})


def _await_rows(system: System) -> None:
    """Wait until the workers have applied the whole log. Raises: InfraError workers_behind"""
    projector = system.streaming.worker_projector()
    await_workers(projector, system.projection_log, patience_seconds=LONGEST_SECONDS)


if __name__ == "__main__":
    main()
