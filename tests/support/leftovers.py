"""What of a person can still be found: in a dump of the whole database, in its bytes, and by
whoever holds every key that is left.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from domain.messages import Recorded
from infra.embedded import postgres_binary
from infra.event_log import EventLog
from infra.postgres import connect
from services.bootstrap import Settings, System, open_system
from services.imports.quarantine import list_rows

MARK: Final = "Zqx7391"
PHONE: Final = "+7 912 345-67-89"
DIGITS: Final = ("9123456789", "345-67-89")  # as it may be written
VALUES: Final = (MARK, *DIGITS)
MOST_BATCHES: Final = 1_000


def assert_nothing_left(url: str, data_dir: Path, values: Sequence[str] = VALUES) -> None:
    """Look everywhere for a person's values, with a system that remembers nothing."""
    with connect(url) as owner:
        assert holding(decoded(owner), values) == []
    assert holding(dump(url), values) == []
    with open_system(Settings(database_url=url, data_dir=data_dir)) as fresh:
        read = openable(fresh, fresh.log)
    assert [value for value in values if value in read] == []


def dump(url: str) -> str:
    """Give the whole database as text."""
    done = subprocess.run(
        [postgres_binary("pg_dump"), "--inserts", url], check=True, capture_output=True, text=True
    )
    assert "INSERT INTO log.events" in done.stdout
    return done.stdout


def decoded(owner: psycopg.Connection[Any]) -> str:
    """Give what stands in columns of bytes as text: a dump writes them as numbers."""
    found = []
    columns = owner.execute(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where data_type = 'bytea' and table_schema not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert len(columns) >= 3
    for schema, table, column in columns:
        query = sql.SQL("select {} from {}").format(
            sql.Identifier(column), sql.Identifier(schema, table)
        )
        found += [bytes(value).decode("utf-8", "replace")
                  for (value,) in owner.execute(query) if value is not None]  # fmt: skip
    return "\n".join(found)


def openable(system: System, log: EventLog) -> str:
    """Give all that can be read with every key that is left."""
    end = log.head().position
    events = [one for one in log.read_lenient(0, end, opened=True) if isinstance(one, Recorded)]
    assert len(events) == end
    rows = list_rows(system, state=None)
    batches = list(system.batches.latest(MOST_BATCHES))
    return repr(events) + repr([row.values for row in rows]) + repr(batches)


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def holding(text: str, values: Sequence[str] = VALUES) -> list[str]:
    """Give the lines of a text that tell of a person."""
    return [line[:200] for line in text.splitlines() if any(value in line for value in values)]
