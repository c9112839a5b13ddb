"""Master keys: they wrap the keys of personal data, and stand outside of the database.

They are given by a setting, or stand in a file: one that the settings name, or that the first start
makes in the data folder. An id follows from its key, so that no key passes for another one.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from domain.refusals import InfraError

FILE: Final = "master.keys"  # in the data folder
KEY_BYTES: Final = 32
MAX_KEYS: Final = 100  # of one shop, those that wrap nothing any more among them
_ID_BYTES: Final = 8
_ANEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_CONTEXT: Final = b"orderpath:master-key:"  # reaches the log: a contract for ever
_HEADER: Final = """\
# Master keys of Orderpath. They open the keys of personal data: without them names and contacts are
# lost. Keep a copy, and keep it apart from the backups of the database (docs/database.md).
"""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that wraps keys."""

    key: bytes

    @property
    def master_id(self) -> str:
        return sha256(_CONTEXT + self.key).digest()[:_ID_BYTES].hex()

    def __str__(self) -> str:
        return b64encode(self.key).decode()

    def __repr__(self) -> str:  # It shall be in no log.
        return f"MasterKey({self.master_id})"


class MasterKeySource(Protocol):
    """Where a process has its master keys from."""

    @property
    def name(self) -> str: ...  # for people

    def read(self) -> Sequence[MasterKey]:
        """Give all, in their order; nothing if none was made yet."""

    def make_first(self) -> MasterKey | None:
        """Make the first one; None where only people can."""

    def add(self) -> MasterKey | None:
        """Make another one; None where only people can."""

    def remove(self, master_id: str) -> bool:
        """Forget one; False where only people can."""


def draw_master_key() -> MasterKey:
    """Make a new one."""
    return MasterKey(os.urandom(KEY_BYTES))


def parse_master_keys(text: str) -> list[MasterKey]:
    """Read keys in base64, with space, commas or line ends between them.

    Raises: ValueError, which says where, and never what: it may be a key
    """
    plain = (line.partition("#")[0] for line in text.splitlines())
    words = " ".join(plain).replace(",", " ").split()
    keys = [MasterKey(_key(number, word)) for number, word in enumerate(words, 1)]
    if len(keys) > MAX_KEYS:
        raise ValueError(f"these are {len(keys)} keys, and {MAX_KEYS} are the most")
    return list(dict.fromkeys(keys))


def _key(number: int, word: str) -> bytes:
    try:
        key = b64decode(word, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"key {number} is not {KEY_BYTES} bytes in base64")
    return key


@dataclass(frozen=True, slots=True)
class GivenMasterKeys:
    """The setting itself holds them, the one to use first."""

    text: str
    name: str = "ORDERPATH_MASTER_KEY"

    def read(self) -> Sequence[MasterKey]:
        return parse_master_keys(self.text)

    def make_first(self) -> MasterKey | None:
        return None

    def add(self) -> MasterKey | None:
        return None

    def remove(self, master_id: str) -> bool:
        return False


class MasterKeyFile:
    """A file for its owner's eyes only. Processes may share it."""

    def __init__(self, path: Path, *, may_be_made: bool) -> None:
        """may_be_made: it is ours; one that somebody named is not made because it is missing"""
        self.path = path
        self.name = str(path)
        self._may_be_made = may_be_made

    def read(self) -> Sequence[MasterKey]:
        """Give its keys. Raises: InfraError master_key_unreadable"""
        try:
            return parse_master_keys(self.path.read_text("ascii"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise InfraError(
                "master_key_unreadable",
                f"The master keys in {self.path} cannot be read: {why}. Bring the file back from "
                "your copy. Nothing of the personal data is lost while you have one.",
            ) from error

    def make_first(self) -> MasterKey | None:
        if not self._may_be_made:
            return None
        with self._alone():
            return (self.read() or [self._write([draw_master_key()])])[-1]

    def add(self) -> MasterKey | None:
        with self._alone():
            return self._write([*self.read(), draw_master_key()])

    def remove(self, master_id: str) -> bool:
        with self._alone():
            self._write([key for key in self.read() if key.master_id != master_id])
        return True

    def _write(self, keys: Sequence[MasterKey]) -> MasterKey:
        """Replace the file as a whole; a kill leaves the one or the other. Gives the last key."""
        lines = (f"{key}  # {key.master_id}\n" for key in keys)
        unfinished = self.path.with_name(f"{self.path.name}.unfinished")
        descriptor = os.open(unfinished, _ANEW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(_HEADER + "".join(lines))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return keys[-1]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time change the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(f"{self.path.name}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            flock(descriptor, LOCK_EX)
            yield
        except OSError as error:
            raise InfraError(
                "master_key_unwritable",
                f"The master keys cannot be written to {self.path}: {error.strerror}.",
            ) from error
        finally:
            os.close(descriptor)


def master_key_source(text: str, file: Path | None, data_dir: Path) -> MasterKeySource:
    """Choose by the settings: the keys themselves, a file that is named, or that of the folder."""
    if text:
        return GivenMasterKeys(text)
    if file is not None:
        return MasterKeyFile(file, may_be_made=False)
    return MasterKeyFile(data_dir / FILE, may_be_made=True)
