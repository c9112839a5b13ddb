"""Heads of the sealed log: what is signed, byte for byte, and the note that holds a signature.

A head is a checkpoint and its note a signed note as transparency logs have them (C2SP
tlog-checkpoint, signed-note), so that their tools read them too. docs/adr/0022-sealed-log.md.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Protocol, TypeVar
from uuid import UUID

from domain.refusals import Unusable

ORIGIN: Final = "orderpath/"  # and the log's id: who says it
KEY_ID_CHARACTERS: Final = 32
NO_TIME: Final = datetime.min.replace(tzinfo=UTC)  # in place of one that cannot be read
_ED25519: Final = b"\x01"
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


class NoteUnreadable(Unusable):
    """A text is no signed note of a head, or of a key."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree as a head tells of it."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What the log held at a moment, in few bytes."""

    log_id: UUID
    number: int  # 1, 2, 3, … of the log
    epoch: int
    events: Tree  # over positions 1 to size
    commands: Tree  # over the answered commands, by their number
    last_command: int  # number of the last one, 0: none
    sealed_at: datetime
    key_id: str
    previous: bytes  # SHA-256 of the text of the head before, 32 zeros for the first

    @property
    def text(self) -> str:
        """What is signed, in UTF-8."""
        return "".join(f"{line}\n" for line in self._lines())

    @property
    def digest(self) -> bytes:
        """What the next head calls `previous`."""
        return sha256(self.text.encode()).digest()

    def _lines(self) -> tuple[str, ...]:
        return (
            f"{ORIGIN}{self.log_id}",
            str(self.events.size),
            _base64(self.events.root),
            f"head {self.number}",
            f"epoch {self.epoch}",
            f"commands {self.commands.size} {self.last_command} {_base64(self.commands.root)}",
            f"time {self.sealed_at.astimezone(UTC).strftime(_TIME)}",
            f"key {self.key_id}",
            f"previous {_base64(self.previous)}",
        )


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and the Ed25519 signature of its text."""

    head: TreeHead
    signature: bytes

    def note(self, public_key: bytes) -> str:
        """Give it as a signed note."""
        return signed_note(self.head.text, self.head.log_id, public_key, self.signature)


@dataclass(frozen=True, slots=True)
class KeyStatement:
    """A key follows another: signed with the one before it."""

    log_id: UUID
    number: int  # 2, 3, … of the log; the first key follows none
    public_key: bytes
    after: str  # id of the key that signs this
    added_at: datetime

    @classmethod
    def of(cls, log_id: UUID, before: "SealKey", key: "SealKey") -> "KeyStatement":
        """Give what the key before signs to announce a key."""
        return cls(log_id, key.number, key.public_key, before.key_id, key.added_at)

    @property
    def text(self) -> str:
        """What is signed, in UTF-8."""
        lines = (
            f"{ORIGIN}{self.log_id}/key",
            str(self.number),
            _base64(self.public_key),
            f"after {self.after}",
            f"time {self.added_at.astimezone(UTC).strftime(_TIME)}",
        )
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class RestoreStatement:
    """A backup was restored: heads of earlier epochs behind a head are gone, and shall be."""

    log_id: UUID
    epoch: int  # that begins with it
    after: int  # number of the last head that is kept, 0: none is
    said_at: datetime
    key_id: str  # that signs this

    @property
    def text(self) -> str:
        """What is signed, in UTF-8."""
        lines = (
            f"{ORIGIN}{self.log_id}/restored",
            f"epoch {self.epoch}",
            f"after {self.after}",
            f"time {self.said_at.astimezone(UTC).strftime(_TIME)}",
            f"key {self.key_id}",
        )
        return "".join(f"{line}\n" for line in lines)

    def explains(self, head: TreeHead) -> bool:
        """Say whether a head that is gone is one of those."""
        return head.epoch < self.epoch and head.number > self.after


@dataclass(frozen=True, slots=True)
class SignedRestore:
    """A statement and the Ed25519 signature of its text."""

    statement: RestoreStatement
    signature: bytes


@dataclass(frozen=True, slots=True)
class SealKey:
    """A public key, as the log knows it."""

    number: int
    key_id: str
    public_key: bytes
    added_at: datetime
    signature: bytes | None  # of its statement, by the key before it; None: nobody vouches for it


def key_id_of(public_key: bytes) -> str:
    """Name a key by its bytes: half of their SHA-256."""
    return sha256(public_key).hexdigest()[:KEY_ID_CHARACTERS]


def signed_note(text: str, log_id: UUID, public_key: bytes, signature: bytes) -> str:
    """Put a signature below a text, as signed notes have it."""
    name = f"{ORIGIN}{log_id}"
    told = _hash_in_note(name, public_key) + signature
    return f"{text}\n\N{EM DASH} {name} {_base64(told)}\n"


_HEAD: Final = re.compile(
    r"orderpath/(?P<log_id>[0-9a-f-]{36})\n(?P<size>\d+)\n(?P<root>\S+)\n"
    r"head (?P<number>\d+)\nepoch (?P<epoch>\d+)\n"
    r"commands (?P<commands>\d+) (?P<last>\d+) (?P<commands_root>\S+)\n"
    r"time (?P<time>\S+)\nkey (?P<key_id>[0-9a-f]{32})\nprevious (?P<previous>\S+)\n"
    r"\n\N{EM DASH} \S+ (?P<signature>\S+)\n",
    re.ASCII,
)


def read_note(note: str) -> SignedHead:
    """Read the signed note of a head; whether its signature holds, whoever has the key looks.

    Raises: NoteUnreadable
    """
    return SignedHead(*_read(note, _HEAD, _head_of, "head of a log"))


def _head_of(found: re.Match[str]) -> TreeHead:
    return TreeHead(
        log_id=UUID(found["log_id"]),
        number=int(found["number"]),
        epoch=int(found["epoch"]),
        events=Tree(int(found["size"]), _bytes(found["root"])),
        commands=Tree(int(found["commands"]), _bytes(found["commands_root"])),
        last_command=int(found["last"]),
        sealed_at=_moment(found["time"]),
        key_id=found["key_id"],
        previous=_bytes(found["previous"]),
    )


_RESTORE: Final = re.compile(
    r"orderpath/(?P<log_id>[0-9a-f-]{36})/restored\nepoch (?P<epoch>\d+)\nafter (?P<after>\d+)\n"
    r"time (?P<time>\S+)\nkey (?P<key_id>[0-9a-f]{32})\n"
    r"\n\N{EM DASH} \S+ (?P<signature>\S+)\n",
    re.ASCII,
)


def read_restore(note: str) -> SignedRestore:
    """Read the signed note of a restore; whether its signature holds, whoever has the key looks.

    Raises: NoteUnreadable
    """
    return SignedRestore(*_read(note, _RESTORE, _restore_of, "statement of a restore"))


def _restore_of(found: re.Match[str]) -> RestoreStatement:
    return RestoreStatement(
        log_id=UUID(found["log_id"]),
        epoch=int(found["epoch"]),
        after=int(found["after"]),
        said_at=_moment(found["time"]),
        key_id=found["key_id"],
    )


class _Text(Protocol):
    @property
    def text(self) -> str: ...


Told = TypeVar("Told", bound=_Text)


def _read(
    note: str, form: re.Pattern[str], make: Callable[[re.Match[str]], Told], what: str
) -> tuple[Told, bytes]:
    """Give what a signed note tells, and its signature. Raises: NoteUnreadable"""
    found = form.fullmatch(note)
    if found is None:
        raise NoteUnreadable(f"This is no signed {what}.")
    try:
        told, signature = make(found), _bytes(found["signature"])[4:]
    except ValueError as error:
        raise NoteUnreadable(f"This is no signed {what}: {error}") from None
    if not note.startswith(f"{told.text}\n"):  # One of them has one text.
        raise NoteUnreadable(f"This is no signed {what}: it is not written as ours are.")
    return told, signature


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _hash_in_note(name: str, public_key: bytes) -> bytes:
    return sha256(f"{name}\n".encode() + _ED25519 + public_key).digest()[:4]


def _base64(told: bytes) -> str:
    return b64encode(told).decode()


def _bytes(told: str) -> bytes:
    try:
        found = b64decode(told, validate=True)
    except NoBase64:
        raise ValueError(f"{told} is no base64") from None
    if _base64(found) != told:  # Bits that no byte needs could be any.
        raise ValueError(f"{told} is not how base64 is written")
    return found
