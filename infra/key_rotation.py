"""What is done with all keys of personal data at once: wrapped for the first time, or by another
master key. Whatever is killed in the middle goes on where it was; writers go on meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from pydantic_core import to_json

from domain.refusals import InfraError, Refusal, Unmet
from infra.migrate import PATIENCE_SECONDS
from infra.postgres import Lender, connect, translated_errors
from infra.sealing import SubjectKey
from infra.vault import Vault, wrapped
from infra.waiting import wait_until

BATCH: Final = 1_000  # keys a transaction
_WRAPPING: Final = 0x0BDE_4A19  # an advisory lock of the owner

Progress = Callable[[int, int], None]  # done, of so many

_LIST: Final = """
    select m.master_id, m.is_current, m.used_since, m.retired_at, count(k.key_id) as keys
    from log.master_keys m
    left join log.keys k on log.wrapping_of(k.key) = m.master_id and k.key is not null
    group by m.master_id order by m.used_since, m.master_id
"""
_COUNT: Final = "select count(*) from log.keys where key is not null and log.wrapping_of(key) <> %s"
_OTHERS: Final = """
    select key_id, subject_id, key from log.keys
    where key is not null and log.wrapping_of(key) <> %s and key_id > %s
    order by key_id limit %s
"""
# Or would: what begins now sees rows as they were when the oldest open transaction began, which may
# be one of another database of the server.
_SEES_BEFORE: Final = """
    select pg_snapshot_xmin(pg_current_snapshot()) <= %(now)s::xid8 or exists (
        select from pg_stat_activity a
        where (a.datname = current_database() or a.datname is null) and a.pid <> pg_backend_pid()
          and age(a.backend_xmin) >= age(%(now)s::xid8::xid))
"""
_PLAIN: Final = """
    select key_id, subject_id, key from log.keys
    where key is not null and octet_length(key) <> 69 and key_id > %s
    order by key_id limit %s
"""
_IS_WRAPPED: Final = "select convalidated from pg_constraint where conname = 'keys_wrapped'"
_IS_OWNER: Final = """
    select pg_has_role(session_user, relowner, 'member') from pg_class
    where oid = 'log.keys'::regclass
"""
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ListedMasterKey:
    """A master key that the database has heard of."""

    master_id: str
    is_current: bool
    used_since: datetime
    retired_at: datetime | None
    keys: int  # of personal data that it wraps


class KeyRotation:
    """Lists master keys, and lets another one wrap. For one thread."""

    def __init__(self, session: Lender, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    @property
    def here(self) -> Sequence[str]:
        """Name the master keys that this process was given."""
        return [key.master_id for key in self._vault.source.read()]

    def list(self) -> list[ListedMasterKey]:
        """Give the master keys, the oldest first."""
        with self._session.connection() as session:
            return session.cursor(row_factory=class_row(ListedMasterKey)).execute(_LIST).fetchall()

    def rotate(self, progress: Progress = lambda _done, _all: None) -> str:
        """Let a new master key wrap everything, and name it; one that was begun is finished first.

        Raises: Refusal master_key_not_new, where only people can give a new one; InfraError
        """
        current = self._vault.current().master_id
        if not self._left(current):
            current = self._begin(current)
        self._wrap_anew(current, progress)
        return current

    def _begin(self, current: str) -> str:
        new = self._candidate(current)
        with self._session.connection() as session:
            row = session.execute("select log.use_master_key(%s, %s)", (new, current)).fetchone()
        assert row is not None
        self._vault.refresh()
        found: str = row[0]  # somebody else's, if that one was faster
        return found

    def _candidate(self, current: str) -> str:
        """Give a key that wraps nothing yet: what a killed rotation made, or people have given."""
        known = {one.master_id for one in self.list()}
        new = [master_id for master_id in self.here if master_id not in known]
        if new:
            return new[0]
        made = self._vault.source.add()
        if made is not None:
            return made.master_id
        raise Refusal(
            Unmet(
                code="master_key_not_new",
                message=f"{self._vault.source.name} holds no key that is new",
                needed="a new key in front of the one in use, for every process; `orderpath key "
                "draw` prints one",
            )
        )

    def _wrap_anew(self, current: str, progress: Progress) -> None:
        total, done = self._left(current), 0
        progress(0, total)
        while self._left(current):
            for batch in self._batches(_OTHERS, current):
                done += self._rewrap(current, batch)
                progress(min(done, total), total)

    def _left(self, current: str) -> int:
        with self._session.connection() as session:
            row = session.execute(_COUNT, (current,)).fetchone()
        assert row is not None
        return int(row[0])

    def _batches(self, which: Any, *parameters: object) -> Iterator[Sequence[tuple[Any, ...]]]:
        last = _FIRST
        while True:
            with self._session.connection() as session:
                batch = session.execute(which, (*parameters, last, BATCH)).fetchall()
            if not batch:
                return
            yield batch
            last = batch[-1][0]

    def _rewrap(self, current: str, batch: Sequence[tuple[UUID, str, bytes]]) -> int:
        master = self._vault.master(current)
        keys = []
        for key_id, subject_id, old in batch:
            key = self._vault.open(key_id, subject_id, old)
            assert key is not None, "only keys that are there were asked for"
            new = wrapped(SubjectKey(key_id, subject_id, key), master)
            keys.append({"key_id": key_id, "old": old.hex(), "new": new.hex()})
        with self._session.connection() as session:
            row = session.execute("select log.rewrap(%s)", (to_json(keys).decode(),)).fetchone()
        assert row is not None
        return int(row[0])

    def retire(self, master_id: str) -> bool:
        """Do without a master key from now on; whether it went out of where it stood, too.

        What only it opens are backups of log.keys from the time when it was in use.
        Raises: Refusal master_key_unknown, master_key_in_use
        """
        found = {one.master_id: one for one in self.list()}.get(master_id)
        if found is None:
            raise Refusal(
                Unmet(
                    code="master_key_unknown",
                    message="There is no such master key",
                    needed="an id that `orderpath key list` shows",
                )
            )
        with self._session.connection() as session:
            row = session.execute("select log.retire_master_key(%s)", (master_id,)).fetchone()
        assert row is not None
        if not row[0]:
            raise Refusal(
                Unmet(
                    code="master_key_in_use",
                    message=f"The master key {master_id} is in use, it wraps {found.keys:,} keys",
                    needed="let another one wrap them: `orderpath key rotate`",
                )
            )
        return self._vault.source.remove(master_id)


def is_wrapped(url: str) -> bool:
    """Say whether every key is wrapped, as those of a log from before are at first not."""
    with connect(url) as session:
        row = session.execute(_IS_WRAPPED).fetchone()
    return row is not None and bool(row[0])


def wrap_plain_keys(url: str, vault: Vault) -> int:
    """Wrap keys that stand in clear, and rewrite the table, so that nothing of them is left in it.

    Once in the life of a log, as its owner. A kill leaves a part of them for the next start.
    Raises: InfraError not_the_owner, database_busy, master_key_missing
    """
    lock_timeout = f"{PATIENCE_SECONDS * 1_000:.0f}ms"
    with translated_errors(), connect(url, lock_timeout=lock_timeout) as session:
        _refuse_users(session)
        session.execute("select pg_advisory_lock(%s)", (_WRAPPING,))
        master, done, last = vault.current(), 0, _FIRST
        while batch := session.execute(_PLAIN, (last, BATCH)).fetchall():
            keys = [
                {"key_id": key_id, "old": key.hex(), "new": new.hex()}
                for key_id, whose, key in batch
                for new in [wrapped(SubjectKey(key_id, whose, key), master)]
            ]
            session.execute("select log.rewrap(%s)", (to_json(keys).decode(),))
            done, last = done + len(batch), batch[-1][0]
        if not _nobody_sees_before(session):
            raise InfraError(
                "database_busy",
                "A transaction of this server that began before all keys were wrapped is open "
                "still, so the table cannot be freed of them: end it, then start again.",
            )
        session.execute("vacuum (full) log.keys")
        session.execute("alter table log.keys validate constraint keys_wrapped")
    return done


def _nobody_sees_before(session: psycopg.Connection[Any]) -> bool:
    """Wait until nobody sees rows as they were: until then they would be kept."""
    (now,) = session.execute("select pg_current_xact_id()").fetchone() or (None,)

    def holds() -> bool:
        row = session.execute(_SEES_BEFORE, {"now": now}).fetchone()
        return row is not None and not row[0]

    return wait_until(holds, PATIENCE_SECONDS)


def _refuse_users(session: psycopg.Connection[Any]) -> None:
    row = session.execute(_IS_OWNER).fetchone()
    if row is None or not row[0]:
        raise InfraError(
            "not_the_owner",
            "Keys of personal data stand in the database in clear, and only its owner may wrap "
            "them: run `orderpath status` once with ORDERPATH_DATABASE_URL of its owner.",
        )
