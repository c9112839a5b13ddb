"""The recorder of the `eventsourcing` library on log.snapshots: states of long streams.

They are disposable: whoever reads one must come to the same state without it.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.persistence import AggregateRecorder, IntegrityError, StoredEvent

from infra.recorder import Lender

_INSERT: Final = """
    insert into log.snapshots (stream_id, version, type, state)
    select * from unnest(%s::text[], %s::integer[], %s::text[], %s::bytea[])
"""
_SELECT: Final = """
    select stream_id, version, type, state from log.snapshots
    where stream_id = %s and version > coalesce(%s, -1) and version <= coalesce(%s, 2147483647)
    order by version
"""


class SnapshotRecorder(AggregateRecorder):
    """Keeps states by stream and version. Threads may share one."""

    def __init__(self, session: Lender) -> None:
        self._session = session

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: Any) -> None:
        """Store all of them or none.

        Raises: IntegrityError if there is one of that stream and version.
        """
        columns = [
            [str(one.originator_id) for one in stored_events],
            [one.originator_version for one in stored_events],
            [one.topic for one in stored_events],
            [one.state for one in stored_events],
        ]
        try:
            with self._session.connection() as connection:
                connection.execute(_INSERT, columns)
        except psycopg.errors.UniqueViolation as error:
            raise IntegrityError(str(error)) from error

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Give the snapshots of one stream by version."""
        order: LiteralString = "desc" if desc else "asc"
        with self._session.connection() as connection:
            rows = connection.execute(
                f"{_SELECT} {order} limit %s", (str(originator_id), gt, lte, limit)
            ).fetchall()
        return [StoredEvent(*row) for row in rows]

    def delete_all(self) -> None:
        """Drop every snapshot: nothing changes but the time of the next load."""
        with self._session.connection() as connection:
            connection.execute("delete from log.snapshots")
