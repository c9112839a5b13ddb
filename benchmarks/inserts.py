"""Raw single-row inserts with pgbench: what this server does without any of our promises.

The row is plain: a bigint primary key from a sequence and a payload as long as that of the event
which it is compared with. Ours has two rows a command, nineteen columns in the one, four more
indexes to write, and is checked.
"""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.measure import Measured, measured
from infra.embedded import postgres_binary
from infra.postgres import connect

ROOM_SECONDS: Final = 60.0  # for connecting and leaving
_TABLE: Final = """
    create table if not exists raw_rows (
        position bigint generated always as identity primary key,
        payload  text not null
    )
"""
_INSERT: Final = "insert into raw_rows (payload) values (repeat('x', {}) || :client_id % 10);\n"


def raw_inserts(url: str, *, payload_bytes: int, callers: int, seconds: float) -> Measured:
    """Insert rows, each in a transaction of its own, from so many connections."""
    with connect(url) as session:
        session.execute(_TABLE)
    with TemporaryDirectory(prefix="orderpath-pgbench-") as folder:
        script = Path(folder, "insert.sql")
        script.write_text(_INSERT.format(payload_bytes - 1))
        command = [
            *(postgres_binary("pgbench"), "--no-vacuum", "--protocol=prepared", "--log"),
            *("--client", callers, "--jobs", min(callers, 2), "--time", max(round(seconds), 1)),
            *("--file", script, url),
        ]
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + ROOM_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr}")
        rows = [
            line.split()
            for log in Path(folder).glob("pgbench_log*")
            for line in log.read_text().splitlines()
        ]
    tps = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    latencies = [int(row[2]) / 1e6 for row in rows]
    name = f"raw inserts of {payload_bytes} bytes, pgbench"
    return measured(name, latencies, len(latencies) / float(tps.split()[2]), callers=callers)
