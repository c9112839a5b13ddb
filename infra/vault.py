"""The vault: keys of personal data go into log.keys wrapped, and come out of it opened.

Wrapping is AES-256-GCM, bound to the key's id and subject: a wrapped key opens in its own row only.
Which master key wraps, the database says; a process that has not heard of a new one is told.
"""

import os
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import psycopg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.refusals import InfraError
from infra.master_keys import MasterKey, MasterKeySource, master_key_source
from infra.postgres import connect, translated_errors
from infra.sealing import DAMAGED, KeyUnreadable, SubjectKey
from infra.settings import load_settings

CHANGED: Final = "OP001"  # SQLSTATE of log.refuse_old_master
_FORM: Final = b"\x01"
_ID: Final = slice(1, 9)
_NONCE: Final = slice(9, 21)
_NONCE_BYTES: Final = 12
_SEALED: Final = slice(21, None)
_CURRENT: Final = "select master_id from log.master_keys where is_current"
_USE: Final = "select log.use_master_key(%s, %s)"

_FIND: Final = "select key from log.keys where key_id = %s"
_KEEP: Final = "select ops.keep_key(%s, %s, %s)"
_FIRST_IS_THERE: Final = """
    select exists (select from log.keys k where k.key_id = e.key_id)
    from log.events e where e.key_id is not null order by e.position limit 1
"""
_SECRET_BYTES: Final = 32
MAX_REMEMBERED_DAMAGES: Final = 1_000  # keys

log_ = structlog.get_logger()

T = TypeVar("T")


class SecretName(NamedTuple):
    """Under what a secret of the log stands among the keys of persons."""

    key_id: UUID
    subject_id: str


class Vault:
    """Wraps and opens keys. One per process; threads may share it."""

    def __init__(self, url: str, source: MasterKeySource | None = None) -> None:
        """source: by default as the settings say, read once something is wrapped or opened"""
        self._url = url
        self._source = source
        self._lock = Lock()
        self._keys: Mapping[str, MasterKey] = {}
        self._current: MasterKey | None = None
        self._damaged: set[UUID] = set()  # keys that were named in the log

    @property
    def source(self) -> MasterKeySource:
        """Where the master keys come from."""
        if self._source is None:
            chosen = load_settings()
            text = chosen.master_key.get_secret_value()
            self._source = master_key_source(text, chosen.master_key_file, chosen.data_dir)
        return self._source

    def wrap(self, key: SubjectKey) -> bytes:
        """Give what log.keys stores. Raises: InfraError master_key_missing"""
        current = self._current
        if current is None:
            with self._lock:
                current = self._current or self._load()
        return wrapped(key, current)

    def open(self, key_id: UUID, subject_id: str, stored: bytes | None) -> bytes | None:
        """Give a key that log.keys stores; None if it was destroyed: then nothing is stored.

        Raises: InfraError master_key_missing, key_unreadable
        """
        if not stored:
            return None
        if stored[:1] != _FORM or len(stored) <= _SEALED.start:
            raise _unreadable(key_id, subject_id)
        return unwrapped(key_id, subject_id, stored, self.master(stored[_ID].hex()))

    def open_leniently(self, key_id: UUID, subject_id: str, stored: bytes | None) -> bytes | None:
        """Give a key as `open` does; DAMAGED for one that is not what was written: whoever needs
        it is told with what it cannot read, and no other. It is named in the log, once.

        Raises: InfraError master_key_missing
        """
        try:
            return self.open(key_id, subject_id, stored)
        except KeyUnreadable as error:
            if key_id not in self._damaged and len(self._damaged) < MAX_REMEMBERED_DAMAGES:
                self._damaged.add(key_id)
                log_.error("key_damaged", key_id=str(key_id), code=error.code)
            return DAMAGED

    def master(self, master_id: str) -> MasterKey:
        """Give a master key by its id. Raises: InfraError master_key_missing"""
        found = self._keys.get(master_id)
        if found is None:  # The first, or one that came after this process began.
            with self._lock:
                self._read()
            found = self._keys.get(master_id)
        if found is None:
            raise self._missing(master_id)
        return found

    def current(self) -> MasterKey:
        """Give the one that wraps. On a new log the first is made. Raises: InfraError"""
        with self._lock:
            return self._load()

    def secret(self, name: SecretName) -> bytes | None:
        """Give a secret of this log; whoever asks first makes it, and all use that one.

        None: it was destroyed, or the log was restored without its keys. Another one would not be
        it, and stand in the way of the keys that are brought back.
        """
        found = self._find(name)
        if found is None and not self._were_left_out():
            with translated_errors():
                self.storing(lambda: self._keep(name))
            found = self._find(name)
        return None if found is None else self.open(name.key_id, name.subject_id, found)

    def _find(self, name: SecretName) -> bytes | None:
        with translated_errors(), connect(self._url, role="orderpath_writer") as session:
            row = session.execute(_FIND, (name.key_id,)).fetchone()
        return row[0] if row else None

    def _keep(self, name: SecretName) -> None:
        fresh = SubjectKey(name.key_id, name.subject_id, os.urandom(_SECRET_BYTES))
        row = (name.key_id, name.subject_id, self.wrap(fresh))
        with connect(self._url, role="orderpath_writer") as session:
            session.execute(_KEEP, row)

    def _were_left_out(self) -> bool:
        """Whether the log was restored without its keys."""
        with translated_errors(), connect(self._url, role="orderpath_writer") as session:
            row = session.execute(_FIRST_IS_THERE).fetchone()
        return row is not None and not row[0]

    def refresh(self) -> None:
        """Look again which master key wraps, before the next key is wrapped."""
        with self._lock:
            self._current = None

    def storing(self, store: Callable[[], T]) -> T:
        """Do what stores keys; once more if another master key wraps since they were wrapped."""
        try:
            return store()
        except psycopg.Error as error:
            if not self.heard(error):
                raise
            return store()

    def heard(self, error: psycopg.Error) -> bool:
        """Whether an error says that another master key wraps now; then it is looked up anew."""
        if error.sqlstate != CHANGED:
            return False
        self.refresh()
        return True

    def _load(self) -> MasterKey:
        keys = self._read()
        with translated_errors(), connect(self._url, role="orderpath_writer") as session:
            row = session.execute(_CURRENT).fetchone()
            if row is None:  # A new log, or one from before there were master keys.
                first = next(iter(keys.values()), None) or self.source.make_first()
                if first is None:
                    raise self._missing(None)
                self._read()
                row = session.execute(_USE, (first.master_id, None)).fetchone()
        assert row is not None
        (current,) = row
        if current not in self._keys:
            raise self._missing(current)
        self._current = self._keys[current]
        return self._current

    def _read(self) -> Mapping[str, MasterKey]:
        self._keys = {key.master_id: key for key in self.source.read()}
        return self._keys

    def _missing(self, master_id: str | None) -> InfraError:
        source, found = self.source.name, ", ".join(self._keys) or "none"
        wanted = f"The master key {master_id} is wanted" if master_id else "A master key is wanted"
        return InfraError(
            "master_key_missing",
            f"{wanted}, and {source} holds {found}. Personal data stay closed, and nothing of them "
            f"is lost, until it is there: bring {source} back from your copy, or that of the "
            "machine where Orderpath was started first, or give the key by ORDERPATH_MASTER_KEY or "
            "ORDERPATH_MASTER_KEY_FILE.",
        )


def wrapped(key: SubjectKey, master: MasterKey) -> bytes:
    """Wrap a key; it opens for this id and subject only."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(master.key).encrypt(nonce, key.key, _bound(key.key_id, key.subject_id))
    return _FORM + bytes.fromhex(master.master_id) + nonce + sealed


def unwrapped(key_id: UUID, subject_id: str, stored: bytes, master: MasterKey) -> bytes:
    """Open a wrapped key. Raises: InfraError key_unreadable if it was altered or moved"""
    try:
        sealed = AESGCM(master.key)
        return sealed.decrypt(stored[_NONCE], stored[_SEALED], _bound(key_id, subject_id))
    except InvalidTag as error:
        raise _unreadable(key_id, subject_id) from error


def _unreadable(key_id: UUID, subject_id: str) -> KeyUnreadable:
    # A secret of the log is nobody's: without it nobody can go on.
    return KeyUnreadable(key_id, subject_id or None)


def _bound(key_id: UUID, subject_id: str) -> bytes:
    return key_id.bytes + subject_id.encode()


def key_rows(vault: Vault, keys: list[SubjectKey]) -> list[dict[str, Any]]:
    """Give new keys as log.append and log.keep_states take them."""
    return [
        {
            "key_id": key.key_id,
            "subject_id": key.subject_id,
            "key": vault.wrap(key).hex(),
        }
        for key in keys
    ]
