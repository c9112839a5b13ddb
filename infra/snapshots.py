"""States of long streams in log.snapshots: for the log, and for the `eventsourcing` library.

They are disposable: whoever reads one must come to the same state without it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
import structlog
from cryptography.exceptions import InvalidTag
from eventsourcing.persistence import AggregateRecorder, IntegrityError, StoredEvent
from pydantic_core import to_json

from infra.postgres import Lender
from infra.sealing import PREFIX, KeyRing, KeyUnreadable, Place, SubjectKey, seal, unseal
from infra.state_shapes import code_fingerprint, shape_of
from infra.vault import Vault, key_rows

MAX_STATE_CHARACTERS: Final = 8 * 1_048_576  # as JSON; a larger one is read event by event
MAX_REMEMBERED_DAMAGES: Final = 1_000
_FIELD: Final = "state"

_KEEP: Final = "select log.keep_states(%s, %s, %s)"
# Questions inside of the select, and offset 0, hold the planner to the indexes: see infra.recorder.
_LOAD: Final = """
    select s.stream_id, s.version, s.type, s.state, s.key_id, log.opens(s.key_id, s.stream_id),
           (select k.subject_id from log.keys k where k.key_id = s.key_id)
    from json_array_elements_text(%s) as wanted(stream)
    cross join lateral (
        select * from log.snapshots s where s.stream_id = wanted.stream offset 0
    ) s
    where s.recorded_at = (
        select e.recorded_at from log.events e
        where e.stream_id = s.stream_id and e.version = s.version)
    order by s.stream_id, s.version desc
"""

_INSERT: Final = """
    insert into log.snapshots (stream_id, version, type, state)
    select * from unnest(%s::text[], %s::integer[], %s::text[], %s::bytea[])
"""
_SELECT: Final = """
    select stream_id, version, type, state from log.snapshots
    where stream_id = %s and version > coalesce(%s, -1) and version <= coalesce(%s, 2147483647)
    order by version
"""

log_ = structlog.get_logger()


class Snapshots:
    """Keeps and loads states, sealed as a whole. One per process; threads may share it."""

    def __init__(
        self, ring: KeyRing, vault: Vault, *, max_characters: int = MAX_STATE_CHARACTERS
    ) -> None:
        self._ring = ring
        self._vault = vault
        self._max_characters = max_characters
        self._damaged: set[Place] = set()  # named in the log once each
        code_fingerprint()  # Now, while the files on disk are the ones that run.

    def load(
        self,
        lender: Lender,
        streams: Collection[str],
        remember: Callable[[SubjectKey], None] = lambda _key: None,
    ) -> dict[str, Any]:
        """Give the newest usable snapshot of each stream; what has none is missing.

        remember: is told of the keys that opened them
        """
        with lender.connection() as connection:
            rows = connection.execute(_LOAD, [to_json(list(streams)).decode()]).fetchall()
        found: dict[str, Any] = {}
        for stream, version, name, sealed, key_id, stored, subject in rows:
            if stream in found or stored is None or name != shape_of(_category_of(stream)).name:
                continue
            opened = self._vault.open_leniently(key_id, subject, stored)
            assert opened is not None, "what is stored opens, or is damaged"
            key = SubjectKey(key_id, subject, opened)
            state = self._opened(Place(stream, version, name), sealed, key)
            if state is not None:
                found[stream] = state
                remember(key)
        return found

    def keep(self, lender: Lender, states: Mapping[str, Any], erasures: int) -> list[SubjectKey]:
        """Keep states instead of older ones; give the keys that were stored with them.

        erasures: known when the states were; if there are more of them by now, nothing is kept
        """
        rows = [row for stream, state in states.items() if (row := self._row(stream, state))]
        used = {row["key_id"] for row in rows}
        new_keys = [key for key in self._ring.new_keys() if key.key_id in used]
        if rows:
            keys = key_rows(self._vault, new_keys)
            with lender.connection() as connection:
                parts = [to_json(part).decode() for part in (rows, keys)]
                row = connection.execute(_KEEP, [*parts, erasures]).fetchone()
            if row is None or not row[0]:
                return []
        return new_keys

    def _row(self, stream: str, state: Any) -> dict[str, Any] | None:
        if len(getattr(state, "subjects", ())) > 1:
            return None  # It holds data of two persons, and one key seals it.
        shape = shape_of(_category_of(stream))
        try:
            body = shape.dump(state)
            if len(body) > self._max_characters:
                raise ValueError(f"{len(body)} characters")
        except ValueError:
            log_.warning("snapshot_not_kept", stream_id=stream, version=state.version)
            return None
        key = self._ring.key_for(state.subject_id or stream)
        place = Place(stream, state.version, shape.name)
        return {
            "stream_id": stream,
            "version": state.version,
            "type": shape.name,
            "state": seal(body, key.key, place, _FIELD),
            "key_id": key.key_id,
        }

    def _opened(self, place: Place, sealed: bytes, key: SubjectKey) -> Any:
        try:
            text = bytes(sealed).decode()
            if not text.startswith(PREFIX):
                raise ValueError("not sealed")
            body = unseal(text, key.key_id, {key.key_id: key.key}, place, _FIELD)
            state = shape_of(_category_of(place.stream_id)).restore(body)
            if state.version != place.version:
                raise ValueError("of another version")
        except (ValueError, InvalidTag, KeyUnreadable) as error:
            self._name_damaged(place, error)
            return None
        return state

    def _name_damaged(self, place: Place, error: Exception) -> None:
        if place in self._damaged or len(self._damaged) >= MAX_REMEMBERED_DAMAGES:
            return
        self._damaged.add(place)
        log_.warning(
            "snapshot_damaged",
            stream_id=place.stream_id,
            version=place.version,
            error=type(error).__name__,
        )


def _category_of(stream: str) -> str:
    return stream.partition("-")[0]


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
