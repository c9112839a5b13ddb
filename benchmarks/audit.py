"""The sealed log: how fast it is verified, and what sealing takes from who appends beside it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event as Signal
from time import perf_counter, process_time
from typing import Final

from benchmarks.measure import Figure, Found, Measured, measured, middle
from benchmarks.orders import moves, order_ids
from benchmarks.server import create, drop
from benchmarks.write_path import OURS, prepare_ours
from benchmarks.writer import remember, send
from infra.postgres import connect
from infra.settings import Settings
from services.audit.sealer import EVERY_EVENTS, Pace
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
    with TemporaryDirectory() as folder, TemporaryDirectory() as another:
        _seal(prepare_ours(server_url), folder)
        # Both go on from there, each with its own memory of the heads that it made.
        shutil.copytree(folder, another, dirs_exist_ok=True)
        yield from _verifying(server_url, another, events)
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
    """Let 64 callers append, in turns while the sealer works and while it is frozen.

    What it did not seal meanwhile it seals between two turns, so that each bears its own.
    """
    url = create(server_url, "bench_run", OURS)
    runs: dict[bool, list[Measured]] = {True: [], False: []}
    settings = Settings(database_url=url, log_level="error")
    with open_system(settings) as system, _sealer(url, folder) as sealer:
        commands = moves(order_ids(), seed=1)
        asyncio.run(remember(system.pipeline, order_ids()))
        for number in range(-1, rounds):  # The first one warms up.
            for sealed in (True, False) if number % 2 else (False, True):
                if not sealed:
                    sealer.send_signal(signal.SIGSTOP)
                began, cpu = perf_counter(), process_time()
                latencies = asyncio.run(send(system.pipeline, commands, CALLERS, seconds))
                took, cpu = perf_counter() - began, process_time() - cpu
                sealer.send_signal(signal.SIGCONT)
                _await_seal(url)
                name = "orders, move, sealed beside" if sealed else "orders, move, not sealed"
                if number >= 0:
                    run = measured(name, latencies, took, callers=CALLERS, cpu_s=cpu)
                    runs[sealed].append(run)
    drop(server_url, "bench_run")
    yield from (middle(found) for found in runs.values())
    pairs = zip(runs[True], runs[False], strict=True)
    slower = 1 - median(one.ops_per_s / other.ops_per_s for one, other in pairs)
    yield Figure("appends slower by sealing", 100 * slower, "%", at_most=15)


@contextmanager
def _sealer(url: str, folder: str) -> Iterator["subprocess.Popen[str]"]:
    """Let `orderpath seal` run beside the block, as in production."""
    words = [sys.executable, "-m", "services.cli", "seal"]
    environment = os.environ | {"ORDERPATH_DATABASE_URL": url, "ORDERPATH_DATA_DIR": folder}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "sealing" in line:
                break
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


def _await_seal(url: str) -> None:
    """Wait until no head is due any more."""
    with connect(url) as session:
        while True:
            row = session.execute(
                "select (select max(position) from log.events)"
                " - (select max(size) from audit.heads)"
            ).fetchone()
            if row is not None and row[0] < EVERY_EVENTS:
                return
            Signal().wait(0.1)
