"""A file that holds heads outside of the database, best on a disk of others: line after line.

Whoever changes the log and its heads has to change this file too. Written by the sealer, and one
that was chosen is never rewritten: a line that a crash left unfinished stays, and the whole one
follows it. Where none was chosen, a small one in the data folder holds the newest heads.
"""

import fcntl
import os
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from uuid import UUID

from domain.audit.heads import (
    NoteUnreadable,
    SealKey,
    SignedHead,
    SignedRestore,
    key_id_of,
    read_note,
    read_restore,
)
from domain.public.audit_head import AuditHead, Known
from domain.refusals import InfraError, Unusable

PAGE: Final = 1_000  # heads that are written at a time
TAIL_BYTES: Final = 256 * 1024  # several lines
LONGEST_LINE: Final = 64 * 1024  # bytes
FOLDER: Final = "heads"  # of the data folder: where a sealer remembers if no witness was chosen
MOST_BYTES: Final = 16 * 1024 * 1024  # of such a file: some days, and it may be gone after that


class Heads(Protocol):
    """The heads of the database. infra.seal_store is behind it."""

    def heads(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Give the next heads behind a number."""

    def known_keys(self) -> Sequence[SealKey]:
        """Give every public key, the oldest first."""

    def restores(self) -> Sequence[SignedRestore]:
        """Give every restore that was announced, the oldest first."""

    def identity(self) -> tuple[UUID, int]:
        """Give the log's id and epoch."""

    def last_number(self) -> int:
        """Give the number of the last head, 0: there is none."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A head that was held outside, and the key that it says it was signed with."""

    signed: SignedHead
    public_key: bytes
    note: str
    restores: tuple[SignedRestore, ...] = ()  # that were told with it


class WitnessFile:
    """Implements services.audit.sealer.Witness. For one thread; several may write to one file.

    most_bytes: beyond which the older half is left out; None: nothing ever is
    """

    def __init__(self, path: Path, heads: Heads, *, most_bytes: int | None = None) -> None:
        self._path = path
        self._heads = heads
        self._most_bytes = most_bytes
        self._held: int | None = None  # number of the last head of the database that it holds

    def newest(self) -> SignedHead | None:
        """Give the newest head that it holds. Raises: InfraError witness_unusable"""
        held = last_witnessed(self._path)
        return None if held is None else held.signed

    def keep_up(self) -> None:
        """Take every head that it does not hold yet.

        Raises: InfraError witness_ahead, witness_unusable
        """
        last = self._heads.last_number()
        if self._held is None or last < self._held:  # Of a log that was restored.
            self._held = self._begin(last)
        while self._held < last:
            page = self._heads.heads(self._held, PAGE)
            if not page:
                return
            self._write(page)
            self._held = page[-1].head.number

    def _begin(self, last: int) -> int:
        """Give the number behind which it goes on."""
        held = last_witnessed(self._path)
        if held is None:
            return 0 if self._most_bytes is None else max(last - PAGE, 0)
        head = held.signed.head
        same = self._heads.heads(head.number - 1, 1) if head.number <= last else []
        if same and same[0].head == head:
            return head.number
        if head.epoch < self._heads.identity()[1]:  # Restored, and somebody said so.
            return self._before(head.epoch, last)
        raise InfraError(
            "witness_ahead",
            f"{self._path} holds head {head.number} over {head.events.size} events, which the log "
            "does not have: it was restored, or changed outside of Orderpath. If it was restored, "
            "say `orderpath log restored`; run `orderpath audit verify --witness` first.",
        )

    def _before(self, epoch: int, last: int) -> int:
        """Give the number of the last head up to an epoch."""
        low, high = 0, last
        while low < high:
            middle = (low + high + 1) // 2
            (found,) = self._heads.heads(middle - 1, 1)
            low, high = (middle, high) if found.head.epoch <= epoch else (low, middle - 1)
        return low

    def _write(self, page: Sequence[SignedHead]) -> None:
        known = Known(self._heads.known_keys(), self._heads.restores())
        lines = "".join(f"{known.public(one).model_dump_json(exclude_none=True)}\n" for one in page)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone(), self._path.open("ab+") as file:
                file.write(b"\n" * _is_torn(file) + lines.encode())
                file.flush()
                os.fsync(file.fileno())
                if self._most_bytes is not None and file.tell() > self._most_bytes:
                    _halve(self._path, self._most_bytes)
        except OSError as error:
            self._held = None  # A part may be there.
            raise _unusable(self._path, error) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from adding to a file that may be another one a moment later."""
        if self._most_bytes is None:
            yield
            return
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def own_witness(data_dir: Path, log_id: UUID) -> Path:
    """Name the file in which a sealer remembers heads of a log if it was told no other."""
    return data_dir / FOLDER / f"{log_id}.jsonl"


def witness_of(chosen: Path | None, data_dir: Path, heads: Heads) -> WitnessFile:
    """Give the witness that was chosen, or else the small one of the data folder."""
    if chosen is not None:
        return WitnessFile(chosen, heads)
    return WitnessFile(own_witness(data_dir, heads.identity()[0]), heads, most_bytes=MOST_BYTES)


def read_witness(path: Path) -> Iterator[tuple[int, Witnessed | None]]:
    """Give every line by its number, None for one that says no head; an unfinished one is left out.

    Raises: Unusable if there is no such file
    """
    try:
        with path.open("rb") as file:
            before = b""
            for number, line in enumerate(file, 1):
                if before:
                    if not line.startswith(before.rstrip(b"\n")):
                        yield number - 1, None
                    before = b""
                found = _witnessed(line)
                if found is None:
                    before = line
                else:
                    yield number, found
    except OSError as error:
        raise Unusable(f"The witness {path} cannot be read ({error.strerror}).") from error


def last_witnessed(path: Path) -> Witnessed | None:
    """Give the last whole head of a witness, None: it has none."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - TAIL_BYTES, 0))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error
    return next((found for line in reversed(lines) if (found := _witnessed(line))), None)


def _witnessed(line: bytes) -> Witnessed | None:
    if len(line) > LONGEST_LINE:
        return None
    try:
        told = AuditHead.model_validate_json(line)
        signed = read_note(told.note)
        public_key = b64decode(told.public_key, validate=True)
        restores = tuple(map(read_restore, told.restores or ()))
    except (ValueError, NoteUnreadable):  # That of pydantic and of base64 are the first, too.
        return None
    is_whole = key_id_of(public_key) == signed.head.key_id
    return Witnessed(signed, public_key, told.note, restores) if is_whole else None


def _halve(path: Path, bytes_: int) -> None:
    """Leave the older lines out; whoever reads has the file of before or that of after."""
    with path.open("rb") as file:
        file.seek(-(bytes_ // 2), os.SEEK_END)
        file.readline()
        lines = file.read()
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _is_torn(file: BinaryIO) -> bool:
    """Whether the last line has no end, as a crash leaves it."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _unusable(path: Path, error: OSError) -> InfraError:
    message = (
        f"The witness {path}, by ORDERPATH_WITNESS_FILE or in the data folder, cannot be used: "
        f"{error}"
    )
    return InfraError("witness_unusable", message)
