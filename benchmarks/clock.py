"""Deadlines per second when very many are due at once, and what commands beside it cost then."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from benchmarks.children import run_together
from benchmarks.measure import Figure, Found, Measured, measured
from benchmarks.orders import place
from benchmarks.server import analyse, create, drop
from infra.settings import Settings
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from services.demo.shop import START

DUE: Final = "bench_due"
AT_ONCE: Final = 5_000  # orders that are placed at a time
CALLERS: Final = 64


def measure_clock(server_url: str, *, orders: int, seconds: float) -> Iterator[Found]:
    """Fire what is due of so many orders: alone, beside a follower, beside commands.

    seconds: how long commands are sent, alone and beside the clock
    """
    _prepare(server_url, orders)
    (alone,) = _run(server_url, ["clock"])
    yield _fired("clock, alone", alone)
    beside, closed = _run(server_url, ["clock", "follow"])
    yield _fired("clock, beside a follower", beside)
    (free,) = _run(server_url, ["write"], seconds)
    written, _ = _run(server_url, ["write", "clock"], seconds)
    drop(server_url, "bench_run")
    for name, found in (("place", free), ("place, beside a clock", written)):
        yield measured(f"clock, {name}", found["latencies"], found["seconds"], callers=CALLERS)
    yield Figure("deadlines due at once", beside["fired"], "")
    rate = beside["fired"] / beside["seconds"]
    yield Figure("deadlines fired, beside a follower", rate, "/s", at_least=2_000)
    yield Figure("deadlines fired until the last row is closed", closed["seconds"], "s")
    slower = len(written["latencies"]) / written["seconds"] * free["seconds"]
    share = slower / len(free["latencies"])
    yield Figure("commands beside a clock at work / without", share, "x", at_least=2 / 3)


def _prepare(server_url: str, orders: int) -> None:
    """Place orders whose warning and whose limit have come when the clock looks."""
    url = create(server_url, DUE)
    with open_system(Settings(database_url=url, log_level="error"), VirtualClock(START)) as system:
        for begin in range(0, orders, AT_ONCE):
            count = min(AT_ONCE, orders - begin)
            for answer in [system.pipeline.submit(place()) for _ in range(count)]:
                answer.result()
        system.catch_up()
    analyse(url)


def _run(server_url: str, roles: Sequence[str], seconds: float = 0.0) -> list[dict[str, Any]]:
    url = create(server_url, "bench_run", DUE)
    wishes = [{"url": url, "role": role, "seconds": seconds} for role in roles]
    return run_together("benchmarks.firing", wishes)


def _fired(name: str, found: dict[str, Any]) -> Measured:
    rate, cpu = found["fired"] / found["seconds"], found["cpu_s"] / found["fired"] * 1e6
    return Measured(name, 1, round(rate, 1), cpu_us=round(cpu, 1))
