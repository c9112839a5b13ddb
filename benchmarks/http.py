"""Commands over HTTP per second, and what each costs the server: one process that serves, as in
production, and one that calls on lines that are kept.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Final

from benchmarks.children import run_together
from benchmarks.measure import Figure, Found, Measured, measured, middle
from benchmarks.programs import LONGEST_SECONDS, LOOK_SECONDS, Program
from benchmarks.server import create, drop
from infra.settings import Settings
from services.bootstrap import open_system
from services.rights import prepare_rights

DATABASE: Final = "bench_http"
CALLERS: Final = {1: 64, 100: 8}  # commands of a request: lines
MADE_PER_SECOND: Final = {1: 3_000, 100: 100}  # requests that are made before a run
TARGETS: Final = {1: 2_500, 100: 8_000}  # commands a second, on two cores
NAMES: Final = {1: "HTTP, single", 100: "HTTP, by the hundred"}


def measure_http(server_url: str, *, seconds: float, rounds: int) -> Iterator[Found]:
    """Place orders, alone and in batches in turns, and give the middle of each.

    Latencies are those of requests, rates and CPU times those of commands.
    """
    with serving(server_url, DATABASE) as (_, wish):
        asked = {**wish, "seconds": seconds}
        runs: dict[int, list[Measured]] = {}
        for _ in range(rounds):
            for size in CALLERS:
                runs.setdefault(size, []).append(_run(asked, size))
    for size, found in runs.items():
        yield middle(found)
        yield Figure(NAMES[size], middle(found).ops_per_s, "/s", at_least=TARGETS[size])


@contextmanager
def serving(
    server_url: str, database: str, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Program, dict[str, Any]]]:
    """Serve a new shop until the block ends; give the server, and what callers are told of it."""
    url = create(server_url, database)
    with TemporaryDirectory(prefix="orderpath-bench-http-") as folder:
        with open_system(Settings(database_url=url, data_dir=Path(folder))) as system:
            key = prepare_rights(system)
        environment = {
            "ORDERPATH_DATABASE_URL": url,
            "ORDERPATH_DATA_DIR": folder,
            "ORDERPATH_HTTP_PORT": "0",
            "ORDERPATH_HTTP_PER_SECOND": "1000000",
            "ORDERPATH_LOG_LEVEL": "error",  # Who is turned away is told in a warning each.
            **(settings or {}),
        }
        program = Program(["serve"], environment)
        try:
            yield program, {"port": _port_of(program), "key": key, "pid": program.pid}
        finally:
            program.end()
    drop(server_url, database)


def _run(wish: Mapping[str, Any], size: int) -> Measured:
    ready = int(MADE_PER_SECOND[size] * wish["seconds"])
    asked = {**wish, "size": size, "callers": CALLERS[size], "ready": ready}
    (found,) = run_together("benchmarks.http_caller", [asked])
    latencies, took = found["latencies"], found["seconds"]
    cpu = found["cpu_s"] / size  # of a command: `measured` divides by requests
    run = measured(NAMES[size], latencies, took, callers=CALLERS[size], cpu_s=cpu)
    return Measured(run.name, run.callers, run.ops_per_s * size, run.p50_ms, run.p99_ms, run.cpu_us)


def _port_of(program: Program) -> int:
    """Wait until the server says where it serves."""
    deadline = monotonic() + LONGEST_SECONDS
    while "serving on" not in program.line:
        program.check()
        if monotonic() > deadline:
            raise RuntimeError(f"the server does not serve: {program.line}")
        sleep(LOOK_SECONDS)
    return int(program.line.rpartition(":")[2])
