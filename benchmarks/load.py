"""Minutes of mixed load over HTTP, then more than the server can do, then the load of before."""

from collections.abc import Iterator, Mapping
from threading import Event, Thread
from typing import Any, Final

from benchmarks.arrivals import growth
from benchmarks.children import Answer, run_together
from benchmarks.http import serving
from benchmarks.measure import Figure, Found, Measured, measured, percentile
from benchmarks.programs import Program

DATABASE: Final = "bench_load"
CALLERS: Final = 64  # lines that are kept, each with its next request once it is answered
MANY_CALLERS: Final = 2_560  # The server has 1,024 requests in hand at most.
# As many orders as are placed in the first seconds: memory is level once these are remembered.
REMEMBERED: Final = {"ORDERPATH_CACHE_STREAMS": "2000"}
LOOK_SECONDS: Final = 0.5  # between two looks at the server's memory
AGAIN_SHARE: Final = 0.2  # of the time of the first load: more than it, and the load after it


def measure_load(server_url: str, *, seconds: float) -> Iterator[Found]:
    """Seven commands for three questions, as a back office asks; p50 and p99 are of requests."""
    short = max(seconds * AGAIN_SHARE, 2.0)
    with serving(server_url, DATABASE, REMEMBERED) as (program, told):
        memory: list[float] = []
        steady = _run(program, told, CALLERS, seconds, memory)
        flood = _run(program, told, MANY_CALLERS, short, [])
        after = _run(program, told, CALLERS, short, [])
    yield _measured(f"HTTP, mixed, {seconds:g} s", steady, CALLERS)
    yield _measured("HTTP, far too much", flood, MANY_CALLERS)
    yield _measured("HTTP, mixed, after it", after, CALLERS)
    yield Figure(
        "HTTP, mixed, p99", percentile(steady["latencies"], 0.99) or 0.0, "ms", at_most=100
    )
    yield Figure("HTTP, mixed, not answered as asked", _not_answered(steady), "", at_most=1)
    yield Figure("HTTP, mixed, growth of the server's memory", growth(memory), "MB", at_most=15)
    yield Figure("HTTP, far too much, turned away by 503", flood["turned"], "", at_least=1)
    yield Figure(
        "HTTP, far too much, answered neither so nor as asked", flood["failed"], "", at_most=1
    )
    yield Figure(
        "HTTP, far too much, rate of what is done to that of before",
        _rate(flood) / _rate(steady),
        "",
    )
    yield Figure("HTTP, after it, not answered as asked", _not_answered(after), "", at_most=1)
    yield Figure(
        "HTTP, after it, p99", percentile(after["latencies"], 0.99) or 0.0, "ms", at_most=100
    )


def _run(
    program: Program, told: Mapping[str, Any], callers: int, seconds: float, memory: list[float]
) -> Answer:
    """memory: what the server holds, in MB, is added to it while the callers ask"""
    end = Event()

    def look() -> None:
        while not end.wait(LOOK_SECONDS):
            memory.append(program.memory_mb())

    eye = Thread(target=look)
    eye.start()
    try:
        wish = {**told, "callers": callers, "seconds": seconds}
        (found,) = run_together("benchmarks.load_caller", [wish])
    finally:
        end.set()
        eye.join()
    return found


def _measured(name: str, found: Answer, callers: int) -> Measured:
    return measured(name, found["latencies"], found["seconds"], callers=callers)


def _rate(found: Answer) -> float:
    return len(found["latencies"]) / float(found["seconds"])


def _not_answered(found: Answer) -> float:
    return float(found["turned"] + found["failed"])
