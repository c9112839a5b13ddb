"""Import of the Olist data set into the log, and on into the projections."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from time import perf_counter, process_time
from typing import Final

from benchmarks.measure import Figure, Found, Measured
from benchmarks.server import create, drop
from infra.settings import Settings
from services.bootstrap import open_system
from services.imports.olist import import_olist

PATIENCE_SECONDS: Final = 20.0  # for the follower to end on its own


def measure_import(server_url: str, *, folder: Path) -> Iterator[Found]:
    """Import the whole folder twice, into two databases; where it is missing, say so.

    First with nobody else, the projections follow afterwards; then while `orderpath follow` runs
    beside, as it does in production.
    """
    if not folder.is_dir():
        print(f"import left out: no folder {folder}, name it with --olist", file=sys.stderr)
        return
    url = create(server_url, "bench_import")
    with open_system(Settings(database_url=url, log_level="error")) as system:
        began, cpu = perf_counter(), process_time()
        import_olist(system, folder)
        recorded, used = perf_counter() - began, process_time() - cpu
        system.catch_up()
        alone = perf_counter() - began
        events = system.log.head().position
    url = create(server_url, "bench_import")
    with open_system(Settings(database_url=url, log_level="error")) as system:
        system.catch_up()  # Makes the tables.
        with _follower(url):
            began = perf_counter()
            import_olist(system, folder)
            system.catch_up()
            beside = perf_counter() - began
    drop(server_url, "bench_import")
    cpu_us = round(used / events * 1e6, 1)
    yield Measured("import of Olist, log", 1, round(events / recorded, 1), cpu_us=cpu_us)
    yield Measured("import of Olist, then projections", 1, round(events / alone, 1))
    yield Measured("import of Olist, follower beside", 1, round(events / beside, 1))
    yield Figure("import, log and projections", events / beside, "events/s", at_least=5_000)


@contextmanager
def _follower(url: str) -> Iterator[None]:
    settings = {"ORDERPATH_DATABASE_URL": url, "ORDERPATH_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "services.cli", "follow"]
    with Popen(command, env=os.environ | settings, stdout=DEVNULL, stderr=DEVNULL) as program:
        try:
            yield
        finally:
            program.terminate()
            try:
                program.wait(PATIENCE_SECONDS)
            except TimeoutExpired:
                program.kill()
