"""Parked streams: where a build met an event that it cannot take, it leaves the stream there,
with all that follows in it, and goes on with the others. Nothing is lost: the log has it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from domain.messages import Recorded
from domain.reading import IMPOSSIBLE, Undecodable
from projections.interface import Tx, as_json

ERROR_CHARACTERS: Final = 1_000

_SELECT: Final = (
    "select p.projection, p.build, b.state, p.stream_id, p.shard, p.position, p.version,"
    " p.type, p.error, p.waiting, p.parked_at"
    " from projection.parked p join projection.builds b using (build)"
)

# What says that this event cannot be applied. Everything else waits, or is a fault of ours.
POISON: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.CardinalityViolation,
    psycopg.errors.ProgramLimitExceeded,
    *IMPOSSIBLE,
)


@dataclass(frozen=True, slots=True)
class Parked:
    """One stream that waits for a correction of the code, then for `retry`."""

    projection: str
    build: int
    state: str  # of the build
    stream_id: str
    shard: int
    position: int  # of the event that could not be taken
    version: int
    type: str  # its stored name
    error: str
    waiting: int  # events so far, the first included
    parked_at: datetime


def list_parked(tx: Tx, projection: str | None = None) -> list[Parked]:
    """Give the parked streams, of one projection or of all, the oldest event first."""
    rows = tx.execute(
        _SELECT + " where p.projection = coalesce(%s, p.projection)"
        " order by p.projection, p.position",
        [projection],
    )
    return [Parked(*row) for row in rows]


def find_parked(tx: Tx, build: int, stream_id: str) -> Parked | None:
    """Give where a stream is parked in a build."""
    row = tx.execute(
        _SELECT + " where p.build = %s and p.stream_id = %s", [build, stream_id]
    ).fetchone()
    return Parked(*row) if row else None


def parked_streams(tx: Tx, builds: Iterable[int]) -> dict[int, set[str]]:
    """Give the parked streams of each build."""
    found: dict[int, set[str]] = {build: set() for build in builds}
    rows = tx.execute(
        "select build, stream_id from projection.parked where build = any(%s)", [list(found)]
    )
    for build, stream_id in rows:
        found[build].add(stream_id)
    return found


def park(tx: Tx, projection: str, build: int, event: Recorded | Undecodable, error: str) -> None:
    """Leave the event's stream behind at this event."""
    name = event.type if isinstance(event, Undecodable) else event.event.NAME
    tx.execute(
        "insert into projection.parked (projection, build, stream_id, shard, position, version,"
        " type, error, waiting) values (%s, %s, %s, %s, %s, %s, %s, %s, 0)"
        " on conflict (build, stream_id) do update set"
        " position = excluded.position, version = excluded.version, type = excluded.type,"
        " error = excluded.error, waiting = 0, parked_at = clock_timestamp()",
        [
            projection,
            build,
            event.stream_id,
            event.shard,
            event.position,
            event.version,
            name,
            error.replace("\x00", "")[:ERROR_CHARACTERS],
        ],
    )


def count_waiting(tx: Tx, build: int, came: Mapping[str, int]) -> None:
    """Count events that came for parked streams, by stream."""
    rows = [{"stream_id": stream_id, "events": events} for stream_id, events in came.items()]
    tx.execute(
        "update projection.parked p set waiting = p.waiting + x.events"
        " from json_to_recordset(%s::json) as x(stream_id text, events bigint)"
        " where p.build = %s and p.stream_id = x.stream_id",
        [as_json(rows), build],
    )


def unpark(tx: Tx, build: int, stream_id: str) -> None:
    """Let the events of a stream through again."""
    tx.execute(
        "delete from projection.parked where build = %s and stream_id = %s", [build, stream_id]
    )
