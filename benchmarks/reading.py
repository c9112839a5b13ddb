"""One process that brings projections to the end of a log. Started by projections."""

from time import perf_counter, process_time

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.measure import peak_memory_mb
from infra.settings import Settings
from projections.catalog import BY_NAME
from services.bootstrap import System, open_system
from services.follower import Follower
from services.projector import Projector


def catch_up(system: System, names: list[str]) -> list[float]:
    """Apply the whole log to these projections; give the seconds of each batch."""
    chosen = {name: BY_NAME[name] for name in names}
    projector = Projector(system.read_models.lend, system.projection_log, projections=chosen)
    follower = Follower(projector, system.projection_log)
    batches = []
    follower.resume()
    began = perf_counter()
    while follower.step():
        batches.append(perf_counter() - began)
        began = perf_counter()
    return batches


def rebuild_all(system: System, names: list[str]) -> list[float]:
    """Build these projections anew, one after the other; give the seconds of each."""
    seconds = []
    for name in names:
        began = perf_counter()
        system.read_models.rebuild(name)
        seconds.append(perf_counter() - began)
    return seconds


def main() -> None:
    """Measure what the wish says."""
    asked = wish()
    work = {"catch-up": catch_up, "rebuild": rebuild_all}[asked["what"]]
    with open_system(Settings(database_url=asked["url"], log_level="error")) as system:
        system.prepare_projections()
        events = system.log.head().position
        wait_for_start()
        cpu = process_time()
        latencies = work(system, asked["names"])
        answer(
            {
                "latencies": latencies,
                "events": events,
                "cpu_s": process_time() - cpu,
                "memory_mb": peak_memory_mb(),
            }
        )


if __name__ == "__main__":
    main()
