"""The sealed log: how fast it is verified, and what sealing takes from who appends beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.measure import Figure, Found, Measured, middle
from benchmarks.server import create, drop
from benchmarks.write_path import OURS, ours, prepare_ours
from infra.postgres import connect
from infra.settings import Settings
from services.audit.sealer import Pace
from services.audit.verify import Report, verify
from services.bootstrap import open_system

CALLERS: Final = 64
_EVENTS: Final = """
    insert into log.events
    select p + s.last, 'bench-' || p / 10, p %% 10 + 1, (p / 10) %% 16, 'order.status_changed.v1',
           convert_to(rpad('{"note": "', 300, 'x') || '"}', 'UTF8'), null, null, null,
           gen_random_uuid(), gen_random_uuid(), null, 'user', 'ann', null, null, 'api', now(),
           now()
    from generate_series(10, %s) p, (select max(position) - 9 as last from log.events) s
"""


def measure_audit(server_url: str, *, events: int, seconds: float, rounds: int) -> Iterator[Found]:
    """Verify a log of so many events; then append with and without a sealer beside, in turns."""
    with TemporaryDirectory() as folder:
        _seal(prepare_ours(server_url), folder)
        yield from _verifying(server_url, folder, events)
        yield from _appending(server_url, folder, seconds=seconds, rounds=rounds)


def _seal(url: str, folder: str) -> Report:
    """Seal all that there is, a head for every 1,000 events, and verify it."""
    settings = Settings(database_url=url, data_dir=Path(folder), log_level="error")
    with open_system(settings) as system:
        system.sealer(Pace(1, timedelta(0), 1_000)).catch_up()
        report = verify(system.audit)
    assert report.is_intact, report.findings
    return report


def _verifying(server_url: str, folder: str, events: int) -> Iterator[Found]:
    url = create(server_url, "bench_audit", OURS)
    with connect(url) as owner:
        owner.execute(_EVENTS, (events,))
        owner.execute("vacuum analyze log.events")
    report = _seal(url, folder)
    drop(server_url, "bench_audit")
    rate = report.events / report.seconds
    yield Measured("audit verify, events", 1, round(rate, 1))
    yield Figure("events verified", rate, "/s", at_least=50_000)


def _appending(server_url: str, folder: str, *, seconds: float, rounds: int) -> Iterator[Found]:
    runs: dict[bool, list[Measured]] = {True: [], False: []}
    for number in range(rounds):
        for sealed in (True, False) if number % 2 else (False, True):
            url = create(server_url, "bench_run", OURS)
            before = _heads(url)
            with _sealer(url, folder) if sealed else nullcontext():
                found, _ = ours("move")(url, CALLERS, seconds)
            assert (_heads(url) > before) is sealed
            runs[sealed].append(found)
    drop(server_url, "bench_run")
    for sealed, found_runs in runs.items():
        name = "orders, move, sealed beside" if sealed else "orders, move, not sealed"
        yield replace(middle(found_runs), name=name)
    pairs = zip(runs[True], runs[False], strict=True)
    slower = 1 - median(one.ops_per_s / other.ops_per_s for one, other in pairs)
    yield Figure("appends slower by sealing", 100 * slower, "%", at_most=15)


@contextmanager
def _sealer(url: str, folder: str) -> Iterator[None]:
    """Let `orderpath seal` run beside the block, as in production."""
    words = [sys.executable, "-m", "services.cli", "seal"]
    environment = os.environ | {"ORDERPATH_DATABASE_URL": url, "ORDERPATH_DATA_DIR": folder}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "sealing" in line:
                break
        try:
            yield
        finally:
            process.terminate()


def _heads(url: str) -> int:
    with connect(url) as session:
        row = session.execute("select coalesce(max(number), 0) from audit.heads").fetchone()
    assert row is not None
    return int(row[0])
