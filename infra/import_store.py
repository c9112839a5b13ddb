"""Import runs and quarantined rows in PostgreSQL; rows are sealed before they get there."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic_core import from_json, to_json

from domain.imports import MAX_LISTED, BadRow, BegunRun, ImportRun, QuarantinedRow
from domain.messages import Outcome
from domain.orders.events import StatusRecorded, stream_of
from infra.postgres import Session
from infra.sealing import ERASED, SEALED, Place, SubjectKey, seal, unseal
from infra.secret_blocks import SecretBlocks
from infra.vault import Vault

_KEY_BYTES: Final = 32


class PostgresImportStore:
    """Implements domain.imports.ImportStore."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault
        self._blocks = SecretBlocks(vault)

    def row_id(self, said: UUID) -> UUID:
        """Give the id that a row has in quarantine, from one that follows from what it says."""
        return UUID(bytes=self._blocks.encrypted(said.bytes))

    def now(self) -> datetime:
        """Give the time by the database's clock, which orders runs of whatever machine."""
        with self._session.connection() as session:
            row = session.execute("select now()").fetchone()
        assert row is not None, "a question without a table has an answer"
        at: datetime = row[0]
        return at

    def begin(self, run: BegunRun) -> None:
        """Note that an import begins, perhaps once more; noted twice for one time, it is one."""
        with self._session.connection() as session:
            told = (run.kind, run.source, list(run.files), Jsonb(run.mapping))
            session.execute(_BEGIN, (run.run_id, run.began_at, *told))

    def remember_mapping(self, run_id: UUID, mapping: Mapping[str, Any]) -> None:
        """Keep what was found out about the mapping, for rows that are resubmitted."""
        with self._session.connection() as session:
            session.execute(
                "update ops.import_runs set mapping = %s where run_id = %s",
                (Jsonb(mapping), run_id),
            )

    def progress(self, run_id: UUID, orders_done: int) -> None:
        """Note how far it is."""
        with self._session.connection() as session:
            session.execute(
                "update ops.import_runs set orders_done = %s where run_id = %s",
                (orders_done, run_id),
            )

    def finish(self, run_id: UUID, report: Mapping[str, Any], orders_done: int) -> None:
        """Note that it came to its end."""
        with self._session.connection() as session:
            session.execute(
                "update ops.import_runs set finished_at = now(), report = %s, orders_done = %s"
                " where run_id = %s",
                (Jsonb(report), orders_done, run_id),
            )

    def against_path(self, outcomes: Sequence[Outcome]) -> dict[str, int]:
        """Count, by reason, the statuses that these commands recorded as not conforming."""
        ranges = [{"first": one.first_position, "last": one.last_position} for one in outcomes]
        with self._session.connection() as session:
            found = session.execute(
                _AGAINST_PATH, (to_json(ranges).decode(), StatusRecorded.NAME)
            ).fetchall()
        return dict(found)

    def latest_run(self, kind: str, source: str) -> ImportRun:
        """Give the latest run of a source: its mapping is the one that counts now."""
        with self._session.connection() as session:
            row = session.execute(
                "select run_id, mapping from ops.import_runs"
                " where kind = %s and source = %s order by started_at desc limit 1",
                (kind, source),
            ).fetchone()
        assert row is not None, "a quarantined row always belongs to a run"
        run_id, mapping = row
        return ImportRun(run_id, mapping)

    def put(self, run_id: UUID, source: str, rows: Sequence[BadRow]) -> set[UUID]:
        """Keep rows; the same row again changes nothing. Gives those resolved already."""
        return self._vault.storing(lambda: self._put(run_id, source, rows))

    def _put(self, run_id: UUID, source: str, rows: Sequence[BadRow]) -> set[UUID]:
        with self._session.connection() as session, session.transaction():
            ids = [row.row_id for row in rows]
            known = session.execute(
                "select row_id, state from ops.quarantine where row_id = any(%s)", (ids,)
            ).fetchall()
            states = dict(known)
            different = {row.row_id: row for row in rows}.values()
            again = [row for row in different if states.get(row.row_id) == "open"]
            new = [row for row in different if row.row_id not in states]
            with session.cursor() as cursor:
                cursor.executemany(_STILL_BAD, [_still_bad(row) for row in again])
                self._insert(cursor, run_id, source, new)
        return {row_id for row_id, state in known if state == "resolved"}

    def rows(
        self,
        *,
        state: str | None = "open",
        source: str | None = None,
        row_ids: Sequence[UUID] | None = None,
        after: UUID | None = None,
        limit: int = MAX_LISTED,
    ) -> list[QuarantinedRow]:
        """Give quarantined rows by id, those behind `after`.

        Raises: ValueError if limit is not in 1..1000.
        """
        if not 1 <= limit <= MAX_LISTED:
            raise ValueError(f"limit: a number from 1 to {MAX_LISTED}")
        ids = None if row_ids is None else list(row_ids)
        with self._session.connection() as session:
            found = session.cursor(row_factory=dict_row).execute(
                _SELECT,
                {"state": state, "source": source, "ids": ids, "after": after, "limit": limit},
            )
            return [self._opened(row) for row in found]

    def runs(
        self, source: str | None, limit: int, behind: tuple[Any, UUID] | None = None
    ) -> list[dict[str, Any]]:
        """Tell of runs, the latest first; behind: only those behind this start and id."""
        started_at, run_id = behind or (None, None)
        given = {"source": source, "limit": limit, "started_at": started_at, "run_id": run_id}
        with (
            self._session.connection() as session,
            session.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(_RUNS, given).fetchall()

    def unfixed_ids(self, source: str) -> set[UUID]:
        """Give the open rows of a source that are as its file had them."""
        with self._session.connection() as session:
            found = session.execute(
                "select row_id from ops.quarantine"
                " where state = 'open' and source = %s and not fixed",
                (source,),
            ).fetchall()
        return {row_id for (row_id,) in found}

    def fix(self, row_id: UUID, values: Mapping[str, str]) -> bool:
        """Replace the values of an open row, under the key that it has.

        False if it is not open any more, or erased: then nothing was changed.
        """
        with self._session.connection() as session:
            row = session.execute(
                "select k.key_id, k.subject_id, k.key from ops.quarantine q"
                " join log.keys k using (key_id) where q.row_id = %s",
                (row_id,),
            ).fetchone()
            key = None if row is None else self._vault.open(*row)
            if key is None:
                return False
            fixed = session.execute(
                "update ops.quarantine set sealed = %s, fixed = true, changed_at = now()"
                " where row_id = %s and state = 'open'",
                (_sealed(values, key, row_id), row_id),
            )
            return fixed.rowcount == 1

    def resolve(self, row_ids: Iterable[UUID]) -> None:
        """Note that these rows were recorded in the end."""
        with self._session.connection() as session:
            session.execute(
                "update ops.quarantine set state = 'resolved', changed_at = now()"
                " where row_id = any(%s)",
                (list(row_ids),),
            )

    def _insert(
        self, cursor: psycopg.Cursor[Any], run_id: UUID, source: str, rows: Sequence[BadRow]
    ) -> None:
        keys, sealed = [], []
        for row in rows:
            subject = stream_of(row.order_id) if row.order_id else f"quarantine-{row.row_id}"
            key = SubjectKey(uuid4(), subject, os.urandom(_KEY_BYTES))
            keys.append((key.key_id, subject, self._vault.wrap(key)))
            told = (row.table, row.file, row.line, row.reason, row.column, row.message)
            values = _sealed(row.values, key.key, row.row_id)
            sealed.append((row.row_id, run_id, source, *told, row.order_id, key.key_id, values))
        cursor.executemany("select ops.keep_key(%s, %s, %s)", keys)
        cursor.executemany(_INSERT, sealed)

    def _opened(self, row: dict[str, Any]) -> QuarantinedRow:
        row_id, sealed, key_id = row["row_id"], row.pop("sealed"), row.pop("key_id")
        whose, stored = row.pop("subject_id"), row.pop("key")
        keys = {} if whose is None else {key_id: self._vault.open(key_id, whose, stored)}
        text = unseal(sealed, key_id, keys, _place(row_id), "values")
        return QuarantinedRow(**row, values=None if text in (ERASED, SEALED) else from_json(text))


_BEGIN: Final = """
    insert into ops.import_runs (run_id, started_at, kind, source, files, mapping)
    values (%s, %s, %s, %s, %s, %s) on conflict (run_id) do update set
        attempts = import_runs.attempts + (import_runs.started_at <> excluded.started_at)::int,
        started_at = excluded.started_at, finished_at = null, orders_done = 0,
        mapping = excluded.mapping
"""
# Only what this version has just recorded is asked for, so its own stored name is the only one.
_RUNS: Final = """
    select run_id, kind, source, files, attempts, started_at, finished_at, orders_done, report
    from ops.import_runs
    where (%(source)s::text is null or source = %(source)s)
      and (%(run_id)s::uuid is null
           or (started_at, run_id) < (%(started_at)s::timestamptz, %(run_id)s::uuid))
    order by started_at desc, run_id desc limit %(limit)s
"""
_AGAINST_PATH: Final = """
    select reason, count(*) from json_to_recordset(%s) as ours(first bigint, last bigint)
    cross join lateral (
        select convert_from(e.payload, 'UTF8')::json as body from log.events e
        where e.position between ours.first and ours.last and e.type = %s offset 0
    ) e
    cross join lateral json_array_elements_text(e.body -> 'nonconforming') as reason
    group by reason
"""
_STILL_BAD: Final = (
    "update ops.quarantine set reason = %s, column_name = %s, message = %s, changed_at = now()"
    " where row_id = %s and (reason, message) is distinct from (%s, %s)"
)
_INSERT: Final = """
    insert into ops.quarantine (row_id, run_id, source, table_name, file, line, reason,
        column_name, message, order_id, key_id, sealed)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_SELECT: Final = """
    select q.row_id, q.run_id, r.kind, q.source, q.table_name as "table", q.file, q.line,
           q.reason, q.column_name as "column", q.message, q.order_id, q.state, q.fixed,
           q.first_seen, q.sealed, q.key_id, k.subject_id, k.key
    from ops.quarantine q join ops.import_runs r using (run_id)
    left join log.keys k using (key_id)
    where (%(state)s::text is null or q.state = %(state)s)
      and (%(source)s::text is null or q.source = %(source)s)
      and (%(ids)s::uuid[] is null or q.row_id = any(%(ids)s))
      and (%(after)s::uuid is null or q.row_id > %(after)s)
    order by q.row_id limit %(limit)s
"""


def _still_bad(row: BadRow) -> tuple[object, ...]:
    return row.reason, row.column, row.message, row.row_id, row.reason, row.message


def _sealed(values: Mapping[str, str], key: bytes, row_id: UUID) -> str:
    return seal(to_json(values).decode(), key, _place(row_id), "values")


def _place(row_id: UUID) -> Place:
    return Place(f"quarantine-{row_id}", 0, "row")
