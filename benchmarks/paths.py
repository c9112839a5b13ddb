"""What a rich path costs: guarded moves with reservations, what is allowed, publishing."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Final
from uuid import uuid4

from benchmarks.children import run_together
from benchmarks.guarded import ids, path_of, start
from benchmarks.measure import Figure, Found, Measured, measured, middle
from benchmarks.orders import ACTOR
from benchmarks.server import analyse, create, drop
from domain.paths.commands import PublishPath
from infra.settings import Settings
from services.allowed import allowed_for
from services.bootstrap import System, open_system

CALLERS: Final = 64
TEMPLATE: Final = "bench_guarded"
ASKED: Final = 300  # orders that `allowed` is asked of


def measure_paths(server_url: str, *, seconds: float, rounds: int) -> Iterator[Found]:
    """Give the middle of the rounds, each on a fresh copy of the database."""
    url = create(server_url, TEMPLATE)
    with _opened(url) as system:
        published = _publish(system)
        asyncio.run(_fill(system))
        asked = _ask(system)
    analyse(url)
    runs: list[Measured] = []
    for _ in range(rounds):
        wish = {
            "url": create(server_url, "bench_run", TEMPLATE),
            "what": "guarded",
            "callers": CALLERS,
            "seconds": seconds,
            "part": 0,
            "parts": 1,
            "cache_streams": 20_000,
        }
        (found,) = run_together("benchmarks.writer", [wish])
        took, cpu, name = found["seconds"], found["cpu_s"], "orders, guarded moves with stock"
        runs.append(measured(name, found["latencies"], took, callers=CALLERS, cpu_s=cpu))
    drop(server_url, "bench_run")
    best = middle(runs)
    yield best
    yield asked
    yield Figure("guarded moves at 64 callers", best.ops_per_s, "/s", at_least=6_000)
    yield Figure("allowed, one order, median", asked.p50_ms or 0.0, "ms", at_most=2)
    yield Figure("publishing a path of 300 statuses", published, "s", at_most=2)


def _opened(url: str) -> AbstractContextManager[System]:
    return open_system(Settings(database_url=url, log_level="error"))


def _publish(system: System) -> float:
    """Publish both paths; give how long the large one took, in seconds."""
    system.pipeline.execute(PublishPath(command_id=uuid4(), actor=ACTOR, definition=path_of(60)))
    body = path_of(300).model_dump(mode="json")
    began = perf_counter()
    command = PublishPath.model_validate(
        {"command_id": uuid4(), "actor": ACTOR, "definition": body}
    )
    system.pipeline.execute(command)
    return perf_counter() - began


async def _fill(system: System) -> None:
    for outcome in await asyncio.gather(*map(system.pipeline.execute_async, start())):
        if outcome.kind != "accepted":
            raise RuntimeError(f"{outcome.kind}: {outcome.unmet}")


def _ask(system: System) -> Measured:
    latencies = []
    began = perf_counter()
    for order_id in ids()[:ASKED]:
        before = perf_counter()
        allowed_for(system, order_id, ("manager",))
        latencies.append(perf_counter() - before)
    return measured("allowed, 60 statuses", latencies, perf_counter() - began, callers=1)
