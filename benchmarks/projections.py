"""Events per second into the read models: catch-up and rebuild, and the library's runner."""

from collections.abc import Iterator
from statistics import median
from typing import Any, Final

from benchmarks.children import run_together
from benchmarks.filling import fill
from benchmarks.measure import Figure, Found, Measured, percentile
from benchmarks.server import analyse, create, drop
from benchmarks.stock_reading import stock_rate
from infra.settings import Settings
from projections.catalog import BY_NAME
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from services.demo.shop import START

CORE: Final = ("orders", "status_visits", "payments")
LOG: Final = "bench_log"


def measure_projections(
    server_url: str, *, events: int, stock_events: int, rounds: int
) -> Iterator[Found]:
    """Fill one log, then apply copies of it in turns with the library's runner."""
    url = create(server_url, LOG)
    settings = Settings(database_url=url, log_level="error")
    with open_system(settings, VirtualClock(START)) as system:
        fill(system, events)
    analyse(url)
    rates: dict[str, list[float]] = {}
    memory = 0.0
    for number in range(rounds):
        rate = stock_rate(create(server_url, "bench_run"), stock_events)
        rates.setdefault("library", []).append(rate)
        for label, names in (("three core", CORE), ("all", tuple(BY_NAME))):
            for what in ("catch-up", "rebuild"):
                copy = create(server_url, "bench_run", LOG)
                found = _run(copy, what, names)
                memory = max(memory, found["memory_mb"])
                run = _measured(f"projections, {what}, {label}", found)
                rates.setdefault(run.name, []).append(run.ops_per_s)
                if number == rounds - 1:
                    yield run
    drop(server_url, "bench_run")
    yield Measured("library's ProjectionRunner", 1, round(median(rates["library"]), 1))
    yield from _figures(rates)
    yield Figure("memory of a following process, peak", memory, "MB", at_most=400)


def _run(url: str, what: str, names: tuple[str, ...]) -> dict[str, Any]:
    (found,) = run_together(
        "benchmarks.reading", [{"url": url, "what": what, "names": list(names)}]
    )
    return found


def _measured(name: str, found: dict[str, Any]) -> Measured:
    """Events per second; the latencies are those of batches of up to 2,000 events."""
    batches, events = found["latencies"], found["events"]
    caught_up = "catch-up" in name
    return Measured(
        name,
        1,
        round(events / sum(batches), 1),
        percentile(batches, 0.50) if caught_up else None,
        percentile(batches, 0.99) if caught_up else None,
        round(found["cpu_s"] / events * 1e6, 1),
    )


def _figures(rates: dict[str, list[float]]) -> Iterator[Figure]:
    core, every = rates["projections, catch-up, three core"], rates["projections, catch-up, all"]
    yield Figure("catch-up, three core projections", median(core), "events/s", at_least=10_000)
    yield Figure("catch-up, all projections", median(every), "events/s", at_least=5_000)
    ratio = median(ours / theirs for ours, theirs in zip(core, rates["library"], strict=True))
    yield Figure("three core / library's runner", ratio, "x", at_least=6)
