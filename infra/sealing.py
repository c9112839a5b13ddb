"""Personal data in stored events: sealed with AES-GCM, one key per subject and process.

A sealed value is bound to its stream, version, type and field, so that it cannot be moved.
Erasing a person destroys the keys; what they sealed then reads `[erased]`.
"""

import os
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.refusals import InfraError

PREFIX: Final = "sealed:1:"
ERASED: Final = "[erased]"
SEALED: Final = "[sealed]"  # what a reader without keys sees
DAMAGED: Final = b""  # in place of a key that is not what was written
_NONCE_BYTES: Final = 12
_CACHED_KEYS: Final = 50_000


class KeyUnreadable(InfraError):
    """A key in log.keys is not what was written there."""

    def __init__(self, key_id: UUID, stream_id: str | None = None) -> None:
        super().__init__(
            "key_unreadable",
            f"The key {key_id} in log.keys is not what was written there, so what it sealed cannot "
            "be read: bring log.keys back from a backup.",
            stream_id,
        )


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A key that seals one subject's data."""

    key_id: UUID
    subject_id: str
    key: bytes


class Place(NamedTuple):
    """Where a value stands; it opens nowhere else."""

    stream_id: str
    version: int
    type: str

    def bound(self, field: str) -> bytes:
        return "\x1f".join((self.stream_id, str(self.version), self.type, field)).encode()


class KeyRing:
    """Keys that this process may use. New ones are handed to the append that first uses them."""

    def __init__(self) -> None:
        self._by_subject: OrderedDict[str, SubjectKey] = OrderedDict()
        self._new: dict[str, SubjectKey] = {}

    def key_for(self, subject_id: str) -> SubjectKey:
        """Give the subject's key, a fresh one if this process has none."""
        found = self._by_subject.get(subject_id) or self._new.get(subject_id)
        if found is None:
            fresh = SubjectKey(uuid4(), subject_id, AESGCM.generate_key(bit_length=256))
            found = self._new.setdefault(subject_id, fresh)
        return found

    def new_keys(self) -> list[SubjectKey]:
        """Give the keys that the log does not know yet."""
        return list(self._new.values())

    def stored(self, keys: Iterable[SubjectKey]) -> None:
        """Take note that an append stored these new keys."""
        for key in keys:
            self.remember(key)
            self._new.pop(key.subject_id, None)

    def forget(self, subjects: Iterable[str]) -> None:
        """Seal with other keys from now on: these subjects were erased."""
        for subject in subjects:
            self._by_subject.pop(subject, None)
            self._new.pop(subject, None)

    def remember(self, key: SubjectKey) -> None:
        """Use this stored key for its subject from now on."""
        self._by_subject[key.subject_id] = key
        while len(self._by_subject) > _CACHED_KEYS:
            self._by_subject.popitem(last=False)


def seal(text: str, key: bytes, place: Place, field: str) -> str:
    """Encrypt one value."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), place.bound(field))
    return PREFIX + b64encode(nonce + sealed).decode()


def unseal(
    text: str,
    key_id: UUID | None,
    keys: Mapping[UUID, bytes | None] | None,
    place: Place,
    field: str,
) -> str:
    """Decrypt one value: `[sealed]` without its key, `[erased]` if that was destroyed (None).

    Raises: cryptography.exceptions.InvalidTag if the value was altered or moved,
            KeyUnreadable if its key was (DAMAGED)
    """
    if not text.startswith(PREFIX):
        return text
    if keys is None or key_id is None or key_id not in keys:
        return SEALED
    key = keys[key_id]
    if key is None:
        return ERASED
    if key == DAMAGED:
        raise KeyUnreadable(key_id)
    raw = b64decode(text[len(PREFIX) :])
    opened = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.bound(field))
    return opened.decode()
