"""What streams and stream_writer look at: how far the relay and the workers are."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection


def read_checkpoints(session: Connection[Any]) -> dict[int, int]:
    """Give for each shard what all projections that workers drive have reached."""
    rows = session.execute(
        "select c.shard, min(c.position) from projection.checkpoints c"
        " join projection.builds b using (projection, build)"
        " where b.state = 'live' and b.driver = 'workers' group by c.shard"
    )
    return dict(rows.fetchall())


def read_published(session: Connection[Any], lanes: Sequence[str]) -> int:
    """Give the position up to which all of these lanes are on the broker."""
    rows = session.execute(
        "select coalesce(r.position, 0) from unnest(%s::text[]) lane"
        " left join ops.relay r using (lane)",
        [list(lanes)],
    )
    return min((int(position) for (position,) in rows), default=0)


def read_positions(session: Connection[Any]) -> dict[int, list[int]]:
    """Give the positions of each shard's events."""
    rows = session.execute(
        "select shard, array_agg(position order by position) from log.events group by shard"
    )
    return dict(rows.fetchall())


def drive_only(session: Connection[Any], names: Sequence[str]) -> None:
    """Let workers feed these projections, and nobody the others."""
    session.execute(
        "update projection.builds set driver = 'follower' where projection <> all(%s)",
        [list(names)],
    )
