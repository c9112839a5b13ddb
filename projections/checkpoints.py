"""How far each build has come, per shard. The row moves in the transaction that writes the
tables, taken FOR UPDATE: so no event is applied twice or left out, whoever delivers it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.builds import COLUMNS, Build, Driver
from projections.interface import Tx, as_json

Place = tuple[int, int]  # build, shard


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything of the shard up to this position stands in the build's tables."""

    build: Build
    shard: int
    position: int
    log_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for a build in one shard."""

    projection: str
    version: int  # of the build's tables
    build: int
    shard: int
    position: int  # of the checkpoint
    next_position: int | None  # of the first event above it, None: nothing waits


def lock_checkpoints(
    tx: Tx, shards: Sequence[int], *, driver: Driver | None = None, build: int | None = None
) -> list[Checkpoint]:
    """Take the rows of these shards for update, always in the same order: of the live builds
    that the driver feeds, or of one build."""
    rows = tx.execute(
        f"select {COLUMNS}, c.shard, c.position, c.log_id, c.epoch"  # noqa: S608 - a constant
        " from projection.checkpoints c join projection.builds b using (projection, build)"
        " where c.shard = any(%(shards)s)"
        " and case when %(build)s::integer is null"
        " then b.state = 'live' and b.driver = coalesce(%(driver)s, b.driver)"
        " else b.build = %(build)s end"
        " order by c.projection, c.build, c.shard for update of c",
        {"shards": list(shards), "driver": driver, "build": build},
    )
    return [Checkpoint(Build(*row[:5]), *row[5:]) for row in rows]


def move_checkpoints(tx: Tx, positions: Mapping[Place, int]) -> None:
    """Write the positions that were reached, by (build, shard)."""
    rows = [{"build": b, "shard": s, "position": p} for (b, s), p in positions.items()]
    tx.execute(
        "update projection.checkpoints c set position = x.position"
        " from json_to_recordset(%s::json) as x(build integer, shard smallint, position bigint)"
        " where c.build = x.build and c.shard = x.shard",
        [as_json(rows)],
    )


def list_pending(
    tx: Tx, *, driver: Driver | None = None, build: int | None = None
) -> list[Pending]:
    """Compare checkpoints with the log: one look into an index per row."""
    rows = tx.execute(
        """
        select b.projection, b.version, b.build, c.shard, c.position, (
            select min(e.position) from log.events e
            where e.shard = c.shard and e.position > c.position)
        from projection.checkpoints c join projection.builds b using (projection, build)
        where case when %(build)s::integer is null
            then b.state = 'live' and b.driver = coalesce(%(driver)s, b.driver)
            else b.build = %(build)s end
        """,
        {"driver": driver, "build": build},
    )
    return [Pending(*row) for row in rows]


def oldest_waiting(tx: Tx, position: int) -> datetime | None:
    """Say when the log took the event at a position."""
    row = tx.execute(
        "select recorded_at from log.events where position = %s", [position]
    ).fetchone()
    return row[0] if row else None
