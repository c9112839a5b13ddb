"""The recorder of the `eventsourcing` library on our log: rows in, rows out, in log order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from pydantic_core import to_json

from infra.appending import AppendCall, AppendRows
from infra.polling import PollingSubscription
from infra.postgres import Lender, translated_errors
from infra.recorded_row import COLUMNS, RecordedRow, row_of
from infra.shards import shard_of

_HOLD: Final = "select log.hold()"
_SELECT: Final[LiteralString] = "select " + COLUMNS + " from log.events e"  # noqa: S608 - constants
# A large payload lies beside its row. Its length stands in the row, so only what is given is read.
_PAGE: Final[LiteralString] = (
    "select "  # noqa: S608 - constants
    + COLUMNS
    + """ from (
        select e.*, row_number() over page as number, sum(octet_length(e.payload)) over page as size
        from (select * from log.events where {where}) e
        window page as (order by e.position rows unbounded preceding)
    ) e
    where e.number = 1 or e.size <= %s
    order by e.position
"""
)
# offset 0 and the subquery hold the planner to the indexes: of a young log, not yet analysed, it
# would read every row.
_SELECT_STREAMS: Final[LiteralString] = (
    "select "  # noqa: S608 - constants
    + COLUMNS
    + """, (select coalesce(k.key, '') from log.keys k where k.key_id = e.key_id)
    from json_to_recordset(%s) as wanted(stream text, above integer)
    cross join lateral (
        select * from log.events e
        where e.stream_id = wanted.stream and e.version > wanted.above
        offset 0
    ) e
    order by e.stream_id, e.version
"""
)
# The same up to a version, and without keys, which not everybody may see.
_SELECT_PARTS: Final[LiteralString] = (
    "select "  # noqa: S608 - constants
    + COLUMNS
    + """ from json_to_recordset(%s) as wanted(stream text, above integer, upto integer)
    cross join lateral (
        select * from log.events e
        where e.stream_id = wanted.stream and e.version > wanted.above and e.version <= wanted.upto
        offset 0
    ) e
    order by e.stream_id, e.version
"""
)
# Names those that are cut. Of what has no room not a byte is read: its length stands in the row.
_CUT_PARTS: Final = """
    select number, max(version) filter (where fits)
    from (
        select wanted.number, e.version,
               row_number() over page = 1 or sum(e.size) over page <= %s as fits
        from json_to_recordset(%s)
            as wanted(number integer, stream text, above integer, upto integer)
        cross join lateral (
            select e.version, octet_length(e.payload) as size from log.events e
            where e.stream_id = wanted.stream
              and e.version > wanted.above and e.version <= wanted.upto
            offset 0
        ) e
        window page as (order by wanted.number, e.version rows unbounded preceding)
    ) found
    group by number having not bool_and(fits)
"""
# Halves what is left, as recorded_at never decreases by position: no index is needed. Where a row
# is missing, the next one speaks for it.
_FIRST_SINCE: Final = """
    with recursive halves as (
        select 1::bigint as low, coalesce(max(e.position), 0) + 1 as high from log.events e
        union all
        select case when m.is_before then m.middle + 1 else h.low end,
               case when m.is_before then h.high else m.middle end
        from halves h cross join lateral (
            select (h.low + h.high) / 2 as middle, (
                select e.recorded_at from log.events e
                where e.position >= (h.low + h.high) / 2 order by e.position limit 1
            ) < %s as is_before
        ) m
        where h.low < h.high
    )
    select low from halves where low >= high
"""
_SELECT_KEYS: Final = "select key_id, subject_id, key from log.keys where key_id = any(%s)"


class PostgresRecorder(ApplicationRecorder):
    """Reads and appends rows of log.events. Threads may share one.

    writer: another session than the reader's, so that reading goes on while an append is on its
    way; in a transaction that is held, the same.
    """

    def __init__(self, reader: Lender, writer: Lender) -> None:
        self._reader = reader
        self._writer = writer
        self.connection = reader.connection

    @contextmanager
    def locked(self) -> Iterator["PostgresRecorder"]:
        """Hold the head of the log: nobody else appends until the block ends."""
        with self._writer.connection() as connection, connection.transaction():
            connection.execute("set local idle_in_transaction_session_timeout = '2s'")
            connection.execute(_HOLD)
            held = _Held(connection)
            yield PostgresRecorder(held, held)

    def append(self, rows: AppendRows) -> AppendCall:
        """Send a batch to log.append. One at a time."""
        return AppendCall(self._writer, rows)

    def select_streams(self, versions: Mapping[str, int]) -> list[tuple[RecordedRow, bytes | None]]:
        """Give the rows of many streams above the given versions, each with its wrapped key.

        Of a key that was destroyed it is empty; None: it is not in the database.
        """
        wanted = [{"stream": stream, "above": above} for stream, above in versions.items()]
        with self.connection() as connection:
            rows = connection.execute(_SELECT_STREAMS, [to_json(wanted).decode()]).fetchall()
        return [(row_of(row[:-1]), row[-1]) for row in rows]

    def select_parts(self, versions: Mapping[str, tuple[int, int]]) -> list[RecordedRow]:
        """Give the rows of many streams, of each those above one version and up to another."""
        wanted = [
            {"stream": stream, "above": above, "upto": upto}
            for stream, (above, upto) in versions.items()
        ]
        with self.connection() as connection:
            rows = connection.execute(_SELECT_PARTS, [to_json(wanted).decode()]).fetchall()
        return [row_of(row) for row in rows]

    def cut_parts(
        self, versions: Mapping[str, tuple[int, int]], most_bytes: int
    ) -> dict[str, tuple[int, int]]:
        """Give as much of the parts of streams, in their order, as has so many bytes of payloads
        together: what is cut ends at an earlier version, what has no room at all is missing.

        At least one event has room whatever its size, if there is any.
        """
        wanted = [
            {"number": number, "stream": stream, "above": above, "upto": upto}
            for number, (stream, (above, upto)) in enumerate(versions.items())
        ]
        with self.connection() as connection:
            rows = connection.execute(_CUT_PARTS, [most_bytes, to_json(wanted).decode()]).fetchall()
        streams, parts = list(versions), dict(versions)
        for number, version in rows:
            above, _ = parts.pop(streams[number])
            if version is not None:
                parts[streams[number]] = (above, version)
        return parts

    def select_keys(self, key_ids: Iterable[UUID]) -> list[tuple[UUID, str, bytes | None]]:
        """Give keys with id and subject, wrapped as they are stored; None: it was destroyed."""
        with self.connection() as connection:
            return connection.execute(_SELECT_KEYS, [list(key_ids)]).fetchall()

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **_kwargs: Any
    ) -> Sequence[int] | None:
        """Append rows without a command: the library's way in, used by its tests.

        Raises: IntegrityError if a (stream, version) exists already.
        """
        if not stored_events:
            return None
        command = {
            "no": 0,
            "command_id": uuid4(),
            "name": "library.insert_events",
            "body_hash": "",
            "outcome": "accepted",
            "versions": {},
            "unmet": [],
            "correlation_id": str(uuid4()),
            "actor_kind": "system",
            "actor_id": "eventsourcing",
            "source": "library",
        }
        events = [_plain_row(number, event) for number, event in enumerate(stored_events)]
        try:
            row = self.append(AppendRows([command], events)).result()
        except psycopg.errors.UniqueViolation as error:
            raise IntegrityError(str(error)) from error
        return [row.after + number for number in range(1, len(events) + 1)]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Give the rows of one stream by version."""
        return self._select(
            "stream_id = %s and version > coalesce(%s, -1) and version <= coalesce(%s, 2147483647)"
            f" order by version {'desc' if desc else 'asc'} limit %s",
            [str(originator_id), gt, lte, limit],
        )

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Give rows by position."""
        above = (start or 0) - (1 if inclusive_of_start and start is not None else 0)
        return self._select(
            "position > %s and position <= coalesce(%s, 9223372036854775807)"
            " and (%s::json is null or type in (select json_array_elements_text(%s::json)))"
            " order by position limit %s",
            [above, stop, *[to_json(list(topics)).decode() if topics else None] * 2, limit],
        )

    def select_rows(
        self,
        after: int,
        limit: int,
        *,
        most_bytes: int | None = None,
        shard: int | None = None,
    ) -> list[RecordedRow]:
        """Give the rows behind a position, of all shards or one: the hot path of the follower.

        most_bytes: of their payloads together; the first is given whatever its size
        """
        where: LiteralString = "position > %s order by position limit %s"
        parameters: list[Any] = [after, limit]
        if shard is not None:
            where = f"shard = %s and {where}"
            parameters.insert(0, shard)
        if most_bytes is None:
            return self._select(where, parameters)
        return self._fetch(_PAGE.format(where=where), [*parameters, most_bytes])

    def select_commands(self, command_ids: Sequence[UUID]) -> list[RecordedRow]:
        """Give the rows that commands stored, by their answers: there is no index on commands."""
        where: LiteralString = (
            "position = any(array(select generate_series(c.first_position, c.last_position)"
            " from log.commands c where c.command_id = any(%s))) order by position"
        )
        return self._select(where, [list(command_ids)])

    def first_since(self, moment: datetime) -> int:
        """Give the position of the first event that the log took at a moment or later; behind the
        last one, where there is none yet.
        """
        with self.connection() as connection:
            row = connection.execute(_FIRST_SINCE, [moment]).fetchone()
        assert row is not None
        return int(row[0])

    def max_notification_id(self) -> int | None:
        """Give the last position, None while the log is empty."""
        with self.connection() as connection:
            row = connection.execute("select max(position) from log.events").fetchone()
        return row[0] if row else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log by polling: no NOTIFY inside of appends, see docs/adr."""
        return PollingSubscription(recorder=self, gt=gt, topics=topics)

    def close(self) -> None:
        """Close both sessions."""
        self._reader.close()
        self._writer.close()

    def _select(self, where: LiteralString, parameters: list[Any]) -> list[RecordedRow]:
        return self._fetch(f"{_SELECT} where {where}", parameters)

    def _fetch(self, statement: LiteralString, parameters: list[Any]) -> list[RecordedRow]:
        with self.connection() as connection:
            rows = connection.execute(statement, parameters).fetchall()
        return [row_of(row) for row in rows]


class _Held:
    """One connection in a transaction, lent to whoever asks; it belongs to its lender."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        with translated_errors():
            yield self._connection

    def close(self) -> None:
        """Leave it open."""


def _plain_row(number: int, event: StoredEvent) -> dict[str, Any]:
    stream_id = str(event.originator_id)
    return {
        "no": number,
        "command": 0,
        "stream_id": stream_id,
        "version": event.originator_version,
        "shard": shard_of(stream_id),
        "type": event.topic,
        "payload": event.state.decode(),
        "occurred_at": "now",
    }
