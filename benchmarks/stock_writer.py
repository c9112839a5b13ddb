"""One process that uses the library's application from many threads. Started by write_path."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import perf_counter, process_time
from uuid import UUID

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.measure import peak_memory_mb
from benchmarks.orders import zipf
from benchmarks.server import library_environment
from benchmarks.stock import CACHED, Shop
from infra.postgres import connect

WARM_UP_SECONDS = 0.7


def send(act: Callable[[], object], callers: int, seconds: float) -> list[float]:
    """Let threads act one time after the other; give how long each took, in seconds."""
    end = perf_counter() + seconds

    def caller(_: int) -> list[float]:
        latencies = []
        now = perf_counter()
        while now < end:
            act()
            began, now = now, perf_counter()
            latencies.append(now - began)
        return latencies

    with ThreadPoolExecutor(callers) as threads:
        return [latency for found in threads.map(caller, range(callers)) for latency in found]


def stored_ids(url: str) -> list[UUID]:
    """Give the orders that the library's table holds."""
    with connect(url) as session:
        rows = session.execute("select distinct originator_id from shop_events order by 1")
        return [row[0] for row in rows]


def one_at_a_time(ids: Iterator[UUID]) -> Callable[[], UUID]:
    """Let threads draw from one iterator."""
    turn = Lock()

    def draw() -> UUID:
        with turn:
            return next(ids)

    return draw


def main() -> None:
    """Measure what the wish says."""
    asked = wish()
    with Shop(env=library_environment(asked["url"]) | CACHED) as shop:
        draw = one_at_a_time(zipf(stored_ids(asked["url"]), seed=1))
        act = shop.place if asked["what"] == "place" else lambda: shop.move(draw())
        send(act, asked["callers"], WARM_UP_SECONDS)
        wait_for_start()
        began, cpu = perf_counter(), process_time()
        latencies = send(act, asked["callers"], asked["seconds"])
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
