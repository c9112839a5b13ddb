"""The log as the pipeline and the readers see it: decoded events out, decided commands in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.persistence import MapperDeserialisationError

from domain.batch import Answer, Appended, StoredOutcome
from domain.facts import PathKey
from domain.messages import Recorded
from domain.paths.path import OrderPath
from domain.reading import Head, Undecodable
from domain.refusals import FactIdReused, InfraError
from infra.appending import AppendCall, AppendRows
from infra.body_hashes import BodyHashes
from infra.command_rows import command_row, stored_outcome
from infra.definition_rows import definition_row
from infra.known_erasures import KnownErasures
from infra.mapper import EventMapper, Keys
from infra.postgres import Session
from infra.publications import as_defined, select_paths, select_publications
from infra.recorded_row import RecordedRow
from infra.recorder import PostgresRecorder
from infra.sealing import SubjectKey
from infra.shards import shard_of
from infra.snapshots import Snapshots
from infra.vault import Vault, key_rows

MAX_PATHS: Final = 100  # versions of paths that are remembered


class EventLog:
    """One per process; threads may share it. Implements domain.batch.Log."""

    def __init__(
        self,
        recorder: PostgresRecorder,
        vault: Vault,
        mapper: EventMapper | None = None,
        snapshots: Snapshots | None = None,
        known: KnownErasures | None = None,
    ) -> None:
        self.recorder = recorder
        self.vault = vault
        self.mapper = mapper or EventMapper()
        self.snapshots = snapshots or Snapshots(self.mapper.ring, vault)
        self.known = known or KnownErasures(self.mapper.ring)
        self._hashes = BodyHashes(vault)
        self._unsure_keys: list[SubjectKey] | None = None  # appended, but not yet committed
        self._paths: dict[PathKey, OrderPath] = {}  # as read before: a version never changes

    @contextmanager
    def locked(self) -> Iterator["EventLog"]:
        """Hold the head lock: what is loaded inside of the block stays true until its end."""
        with self.recorder.locked() as recorder:
            held = EventLog(recorder, self.vault, self.mapper, self.snapshots, self.known)
            held._hashes = self._hashes
            unsure: list[SubjectKey] = []
            held._unsure_keys = unsure
            yield held
        self.mapper.ring.stored(unsure)

    def load(self, versions: Mapping[str, int]) -> dict[str, list[Recorded]]:
        """Give the events of each stream above the given version, personal data in clear.

        Raises: EventUnreadable, with its stream, for what cannot be read
        """
        found: dict[str, list[Recorded]] = {stream: [] for stream in versions}
        keys: dict[UUID, bytes | None] = {}
        opened: list[SubjectKey] = []
        erasures = self.known.seen(self.recorder)
        for row, stored in self.recorder.select_streams(versions):
            if stored is not None and row.key_id is not None and row.key_id not in keys:
                subject = row.subject_id or row.stream_id
                key = self.vault.open_leniently(row.key_id, subject, stored)
                keys[row.key_id] = key
                if key:
                    opened.append(SubjectKey(row.key_id, subject, key))
            found[row.stream_id].append(self.mapper.decode(row, keys))
        self.known.remember(opened, erasures)
        return found

    def load_states(self, streams: Collection[str]) -> dict[str, Any]:
        """Give the newest usable snapshot of each stream; what has none is missing."""
        erasures, opened = self.known.seen(self.recorder), list[SubjectKey]()
        states = self.snapshots.load(self.recorder, streams, opened.append)
        self.known.remember(opened, erasures)
        return states

    def newly_erased(self) -> frozenset[str]:
        """Name the subjects that were erased since we last heard of any, and forget their keys."""
        return self.known.look(self.recorder)

    @property
    def erasures(self) -> int:
        """How many erasures are known here: what was read before is true as of them."""
        return self.known.seen(self.recorder)

    def keep_states(self, states: Mapping[str, Any], erasures: int) -> None:
        """Keep snapshots of states that stand in the log, instead of older ones; unless somebody
        was erased since so many erasures were known.
        """
        self.known.seen(self.recorder)
        kept = self.vault.storing(lambda: self.snapshots.keep(self.recorder, states, erasures))
        self.known.remember(kept, erasures, stored=True)

    def holds_keys(self, subjects: Sequence[str]) -> bool:
        """Say whether anything of these subjects can be opened still."""
        with self.recorder.connection() as connection:
            row = connection.execute("select log.holds_keys(%s)", (list(subjects),)).fetchone()
        return row is not None and bool(row[0])

    def read(self, after: int, limit: int) -> list[Recorded]:
        """Give the next events behind a position, personal data sealed.

        Raises: InfraError log_gap if a position is missing: then the log is damaged.
        """
        rows = self.recorder.select_rows(after, limit)
        check_contiguous(after, rows)
        return [self.mapper.decode(row, None) for row in rows]

    def read_lenient(
        self,
        after: int,
        limit: int,
        *,
        most_bytes: int | None = None,
        shard: int | None = None,
        opened: bool = False,
    ) -> list[Recorded | Undecodable]:
        """Give the next events; what cannot be read is named instead of raised.

        most_bytes: of their payloads together; the first is given whatever its size
        opened:     personal data in clear; only for who may see keys
        Raises: InfraError log_gap, or newer_version for an unknown stored name.
        """
        rows = self.recorder.select_rows(after, limit, most_bytes=most_bytes, shard=shard)
        if shard is None:
            check_contiguous(after, rows)
        return self.opened(rows) if opened else self.decoded(rows)

    def decoded(self, rows: Sequence[RecordedRow]) -> list[Recorded | Undecodable]:
        """Give rows as events, sealed; what cannot be read is named instead of raised.

        Raises: InfraError newer_version for an unknown stored name.
        """
        return [self._decode_leniently(row) for row in rows]

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], *, opened: bool = False
    ) -> list[Recorded | Undecodable]:
        """Give the events of many streams, of each those above one version and up to another.

        opened: personal data in clear; only for who may see keys
        Raises: InfraError newer_version for an unknown stored name.
        """
        rows = self.recorder.select_parts(versions)
        return self.opened(rows) if opened else self.decoded(rows)

    def cut_parts(
        self, versions: Mapping[str, tuple[int, int]], most_bytes: int
    ) -> Mapping[str, tuple[int, int]]:
        """Give as much of what is asked of streams as has so many bytes; see OrderLog."""
        return self.recorder.cut_parts(versions, most_bytes)

    def opened(self, rows: Sequence[RecordedRow]) -> list[Recorded | Undecodable]:
        """Give rows as events, personal data in clear; only for who may see keys."""
        key_ids = {row.key_id for row in rows if row.key_id is not None}
        stored = self.recorder.select_keys(key_ids)
        keys = {one[0]: self.vault.open_leniently(*one) for one in stored}
        return [self._decode_leniently(row, keys) for row in rows]

    def _decode_leniently(
        self, row: RecordedRow, keys: Keys | None = None
    ) -> Recorded | Undecodable:
        try:
            return self.mapper.decode(row, keys)
        except MapperDeserialisationError as error:
            place = (row.position, row.stream_id, row.version, row.shard, row.type)
            return Undecodable(*place, error=str(error))

    def head(self) -> Head:
        """Look at the end of the log."""
        with self.recorder.connection() as connection:
            row = connection.execute(
                "select log_id, epoch, coalesce((select max(position) from log.events), 0)"
                " from log.head"
            ).fetchone()
        assert row is not None
        return Head(*row)

    def first_since(self, moment: datetime) -> int:
        """Give the position of the first event that the log took at a moment or later."""
        return self.recorder.first_since(moment)

    def load_paths(self, keys: Sequence[PathKey]) -> dict[PathKey, OrderPath]:
        """Give published paths, which never change; what was never published is missing.

        Raises: InfraError newer_version for one that this version does not understand.
        """
        found = {key: self._paths[key] for key in keys if key in self._paths}
        new = [key for key in keys if key not in found]
        if new:
            found |= select_paths(self.recorder, new)
            if len(self._paths) > MAX_PATHS:
                self._paths.clear()
            self._paths |= found
        return {key: found[key] for key in keys if key in found}

    def read_commands(self, command_ids: Sequence[UUID], *, opened: bool = False) -> list[Recorded]:
        """Give the events that commands stored; what cannot be read is left out.

        opened: personal data in clear; only for who may see keys
        """
        rows = self.recorder.select_commands(command_ids)
        read = self.opened(rows) if opened else self.decoded(rows)
        return [row for row in read if isinstance(row, Recorded)]

    def command_names(self, command_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Give the stored names of commands that were answered."""
        with self.recorder.connection() as connection:
            rows = connection.execute(
                "select command_id, name from log.commands where command_id = any(%s)",
                (list(command_ids),),
            ).fetchall()
        return dict(rows)

    def published(
        self, kinds: Sequence[str], among: Collection[str] | None = None
    ) -> list[Recorded | Undecodable]:
        """Give every publication of these kinds, or of these streams; what is gone comes last."""
        rows, gone = select_publications(self.recorder, kinds, among)
        return [*map(self._published, rows), *gone]

    def _published(self, row: RecordedRow) -> Recorded | Undecodable:
        found = self._decode_leniently(row)
        if isinstance(found, Undecodable) and (defined := as_defined(self.recorder, row)):
            found = self._decode_leniently(defined)
        return found

    def names(self, kind: str) -> set[str]:
        """Name what has a published version: paths, calendars, rules, roles, templates or waves."""
        with self.recorder.connection() as connection:
            rows = connection.execute(
                "select distinct name from log.definitions where kind = %s", (kind,)
            ).fetchall()
        return {row[0] for row in rows}

    def load_outcomes(self, ids: Sequence[UUID]) -> dict[UUID, StoredOutcome]:
        """Give the stored answers, marked as repeated."""
        with self.recorder.connection() as connection:
            rows = connection.execute(
                "select command_id, outcome, first_position, last_position, versions, unmet,"
                " body_hash from log.commands where command_id = any(%s)",
                (list(ids),),
            ).fetchall()
        return {row[0]: stored_outcome(row, self._hashes) for row in rows}

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> "_Append":
        """Send a batch in one call; see log.append for what is set back."""
        numbers = {stream: number for number, stream in enumerate(versions)}
        events, definitions = self._event_rows(answers)
        new_keys = self.mapper.ring.new_keys()
        hashes = self._hashes.stored(answers)
        rows = AppendRows(
            commands=[
                command_row(number, *one)
                for number, one in enumerate(zip(answers, hashes, strict=True))
            ],
            events=events,
            streams=list(versions.items()),
            reads=[
                (number, numbers[stream], stream in answer.writes)
                for number, answer in enumerate(answers)
                for stream in answer.reads
            ],
            keys=key_rows(self.vault, new_keys),
            definitions=definitions,
            erasing=[
                {
                    "command": number,
                    "command_id": answer.command.command_id,
                    "subjects": answer.erases,
                }
                for number, answer in enumerate(answers)
                if answer.erases
            ],
            seen=self.known.seen(self.recorder),
        )
        call = self.recorder.append(rows)
        return _Append(call, list(versions), self, new_keys, rows.seen)

    def note_stored(self, new_keys: list[SubjectKey]) -> None:
        """Take note that these keys stand in the log, or will once what is held is committed."""
        if self._unsure_keys is None:
            self.mapper.ring.stored(new_keys)
        else:
            self._unsure_keys += new_keys

    def _event_rows(
        self, answers: Sequence[Answer]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        events: list[dict[str, Any]] = []
        definitions: list[dict[str, Any]] = []
        for number, answer in enumerate(answers):
            for new in answer.events:
                reason = None if new.version is None else answer.command.reason
                encoded = self.mapper.encode(new, reason)
                events.append(
                    {
                        "no": len(events),
                        "command": number,
                        "stream_id": new.stream_id,
                        "version": new.version,
                        "shard": shard_of(new.stream_id),
                        "type": new.decided.event.NAME,
                        "payload": encoded.payload,
                        "fact_id": new.decided.fact_id,
                        "subject_id": new.subject_id,
                        "key_id": encoded.key_id,
                        "reason": encoded.reason,
                        "occurred_at": new.decided.occurred_at,
                    }
                )
                if (definition := definition_row(number, new.decided.event)) is not None:
                    definitions.append(definition)
        return events, definitions

    def close(self) -> None:
        """Give back every connection."""
        self.recorder.close()


@dataclass(frozen=True, slots=True)
class _Append:
    """A call of log.append, answered in the terms of the batch. Implements domain.batch.Append."""

    call: AppendCall
    streams: list[str]
    log: EventLog
    new_keys: list[SubjectKey]
    seen: int | None  # erasures, when it was sent

    def fileno(self) -> int:
        return self.call.fileno()

    def done(self) -> bool:
        return self.call.done()

    def result(self) -> Appended:
        try:
            row = self.call.result()
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name == "events_fact_id":
                raise FactIdReused from error
            raise
        except psycopg.Error as error:
            self.log.vault.heard(error)  # It is sent again: with the master key as it is then.
            raise
        if not row.stale:
            self.log.note_stored(self.new_keys)
        erased: frozenset[str] = frozenset()
        if row.erasures != self.seen:
            erased = self.log.known.learn(self.log.recorder, row.erasures)
        return Appended(
            after=row.after,
            at=row.at,
            moved=frozenset(self.streams[number] for number in row.moved),
            known=frozenset(row.known),
            set_back=frozenset(row.set_back),
            erased=erased,
        )


def open_log(url: str, *, role: str = "orderpath_writer", vault: Vault | None = None) -> EventLog:
    """Open the log of a migrated database. vault: by default with the keys of the settings"""
    reader = Session(url, role=role, name="orderpath log")
    writer = Session(url, role=role, name="orderpath log", prepares=False)
    return EventLog(PostgresRecorder(reader, writer), vault or Vault(url))


def check_contiguous(after: int, rows: Sequence[RecordedRow]) -> None:
    """Refuse to go on behind a hole: position n+1 follows n, or something is wrong.

    Raises: InfraError log_gap
    """
    for expected, row in enumerate(rows, after + 1):
        if row.position != expected:
            raise InfraError(
                "log_gap",
                f"Position {expected} is missing, {row.position} follows {expected - 1}: "
                "the log was damaged outside of Orderpath. Restore it from a backup.",
            )
