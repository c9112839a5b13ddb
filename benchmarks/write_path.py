"""Commands per second: ours, the library's application and raw inserts, taken in turns."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final

from benchmarks.children import run_together
from benchmarks.inserts import raw_inserts
from benchmarks.measure import Figure, Found, Measured, measured, middle
from benchmarks.orders import ORDERS, place_all
from benchmarks.server import analyse, create, drop, library_environment
from benchmarks.stock import Shop
from infra.settings import Settings
from services.bootstrap import open_system

CALLERS: Final = (1, 16, 64, 256)
PAYLOAD_BYTES: Final = {"place": 800, "move": 200}  # of our events, rounded to 100
OURS: Final = "bench_orders"  # databases that every run starts from a copy of
STOCK: Final = "bench_stock"

Runs = dict[tuple[str, int], list[Measured]]


def measure_write_path(
    server_url: str, *, seconds: float, rounds: int, callers: Sequence[int] = CALLERS
) -> Iterator[Found]:
    """Run everything `rounds` times, one after the other, and give the middle of each."""
    _prepare(server_url)
    runs: Runs = {}
    memory = 0.0
    for _ in range(rounds):
        for count in callers:
            for name, template, run in _contenders(count):
                url = create(server_url, "bench_run", template)
                found, used = run(url, count, seconds)
                runs.setdefault((name, count), []).append(found)
                memory = max(memory, used if template == OURS else 0.0)
    drop(server_url, "bench_run")
    yield from sorted(
        (middle(found) for found in runs.values()), key=lambda run: (run.name, run.callers)
    )
    yield from _figures(runs)
    yield Figure("memory of a writing process, peak", memory, "MB", at_most=400)


Run = Callable[[str, int, float], tuple[Measured, float]]  # (url, callers, seconds): run, MB


def _contenders(callers: int) -> Iterator[tuple[str, str, Run]]:
    """Whoever is compared stands beside each other."""
    for what in ("place", "move"):
        yield what, OURS, ours(what)
        yield f"stock {what}", STOCK, _stock(what)
        yield f"raw {what}", "template1", _raw(PAYLOAD_BYTES[what])
    if callers == 64:
        yield "move, two processes", OURS, ours("move", processes=2)
        yield "move, states read first", OURS, ours("move", cache_streams=0)


def ours(what: str, *, processes: int = 1, cache_streams: int = 20_000) -> Run:
    """Give a run of commands through our pipeline: what, as benchmarks.writer knows it."""

    def run(url: str, callers: int, seconds: float) -> tuple[Measured, float]:
        wishes = [
            {
                "url": url,
                "what": what,
                "callers": callers // processes,
                "seconds": seconds,
                "part": part,
                "parts": processes,
                "cache_streams": cache_streams,
            }
            for part in range(processes)
        ]
        answers = run_together("benchmarks.writer", wishes)
        name = f"orders, {what}" + (", two processes" if processes > 1 else "")
        name += "" if cache_streams else ", states read first"
        latencies = [latency for found in answers for latency in found["latencies"]]
        cpu = sum(found["cpu_s"] for found in answers)
        took = max(found["seconds"] for found in answers)
        memory = max(found["memory_mb"] for found in answers)
        return measured(name, latencies, took, callers=callers, cpu_s=cpu), memory

    return run


def _stock(what: str) -> Run:
    def run(url: str, callers: int, seconds: float) -> tuple[Measured, float]:
        wish = {"url": url, "what": what, "callers": callers, "seconds": seconds}
        (found,) = run_together("benchmarks.stock_writer", [wish])
        name = f"stock eventsourcing, {what}"
        took, cpu = found["seconds"], found["cpu_s"]
        run = measured(name, found["latencies"], took, callers=callers, cpu_s=cpu)
        return run, found["memory_mb"]

    return run


def _raw(payload_bytes: int) -> Run:
    def run(url: str, callers: int, seconds: float) -> tuple[Measured, float]:
        found = raw_inserts(url, payload_bytes=payload_bytes, callers=callers, seconds=seconds)
        return found, 0.0

    return run


def _figures(runs: Runs) -> Iterator[Figure]:
    """At 64 callers, each compared with what ran beside it in the same round."""
    if ("move", 64) not in runs:
        return
    best = middle(runs["move", 64])
    yield Figure("moves at 64 callers", best.ops_per_s, "/s", at_least=10_000)
    yield Figure("moves at 64 callers, p99", best.p99_ms or 0.0, "ms", at_most=15)
    for what in ("place", "move"):
        against = _ratio(runs, what, f"stock {what}")
        yield Figure(f"{what}: ours / stock application", against, "x", at_least=12)
        against = _ratio(runs, what, f"raw {what}")
        yield Figure(f"{what}: ours / raw inserts", against, "x", at_least=0.5)
    two = _ratio(runs, "move, two processes", "move")
    yield Figure("two processes / one", two, "x", at_least=0.8)


def _ratio(runs: Runs, ours: str, theirs: str) -> float:
    pairs = zip(runs[ours, 64], runs[theirs, 64], strict=True)
    return median(one.ops_per_s / other.ops_per_s for one, other in pairs)


def prepare_ours(server_url: str) -> str:
    """Place the orders that are moved later, in our database, and give its URL."""
    url = create(server_url, OURS)
    with open_system(Settings(database_url=url, log_level="error")) as system:
        asyncio.run(place_all(system.pipeline))
    analyse(url)
    return url


def _prepare(server_url: str) -> None:
    """Place the orders that are moved later, in ours and in the library's database."""
    prepare_ours(server_url)
    url = create(server_url, STOCK)
    with Shop(env=library_environment(url)) as shop:
        shop.place(ORDERS)
    analyse(url)
