"""Import of the Olist data set into the log, and on into the projections."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.measure import Figure, Found, Measured
from benchmarks.server import create, drop
from infra.settings import Settings
from services.bootstrap import open_system
from services.imports.olist import import_olist


def measure_import(server_url: str, *, folder: Path) -> Iterator[Found]:
    """Import the whole folder once; nothing if it is not there."""
    if not folder.is_dir():
        return
    url = create(server_url, "bench_import")
    with open_system(Settings(database_url=url, log_level="error")) as system:
        began, cpu = perf_counter(), process_time()
        import_olist(system, folder)
        recorded, used = perf_counter() - began, process_time() - cpu
        system.catch_up()
        both = perf_counter() - began
        events = system.log.head().position
    drop(server_url, "bench_import")
    yield Measured(
        "import of Olist, log", 1, round(events / recorded, 1), cpu_us=round(used / events * 1e6, 1)
    )
    yield Measured("import of Olist, log and projections", 1, round(events / both, 1))
    yield Figure("import, log and projections", events / both, "events/s", at_least=5_000)
