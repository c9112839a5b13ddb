"""What somebody hands in over HTTP to be imported: files, part by part, and what is to be done.

Files are in clear until they are imported: whoever reads the data folder reads them. They go with
the import that records them, or after a day.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import time
from typing import Annotated, Any, Final, Literal, Self
from uuid import uuid4

from pydantic import Field, StringConstraints, model_validator

from domain.messages import Shape
from domain.refusals import Absent, InfraError, Refusal, Unmet, Unusable
from services.text_files import MAX_CHARACTERS

FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MOST_FILES: Final = 20  # of one caller at a time
KEPT_SECONDS: Final = 24 * 3_600  # since the last part came
BLOCK: Final = 1 << 20  # bytes that are read at once

FileName = Annotated[
    str,
    StringConstraints(pattern=f"^{FILE_NAME.pattern}$"),
    Field(description="a file that was put", examples=["log.csv.gz"]),
]


class LogMeant(Shape):
    """An event log, and the mapping that says what its columns mean."""

    file: FileName
    mapping: Annotated[
        str, Field(max_length=MAX_CHARACTERS, description="all of it, as YAML: docs/import.md")
    ]


class OlistMeant(Shape):
    """The three tables of the data set."""

    orders: FileName
    order_items: FileName
    order_payments: FileName


class ImportWanted(Shape):
    """What is to be imported: one of both."""

    log: LogMeant | None = None
    olist: OlistMeant | None = None
    dry_run: Annotated[bool, Field(description="only say what would be recorded")] = False

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.log is None) == (self.olist is None):
            raise ValueError("give one of log and olist")
        return self

    @property
    def kind(self) -> Literal["log", "olist"]:
        return "olist" if self.log is None else "log"

    @property
    def files(self) -> Mapping[str, str]:
        """Give the names that an import reads files under, each with the file that was put."""
        if self.log is not None:
            return {self.log.file: self.log.file}
        assert self.olist is not None
        tables: dict[str, str] = self.olist.model_dump()
        ending = {
            name: ".csv.gz" if file.endswith(".gz") else ".csv" for name, file in tables.items()
        }
        return {f"{table}{ending[table]}": file for table, file in tables.items()}


@dataclass
class PutFiles:
    """The files that callers put. Threads may share it; a caller sees no other's."""

    folder: Path
    most_bytes: int  # of one file
    _turn: Lock = field(default_factory=Lock, init=False)

    def put(self, caller: str, name: str, offset: int, part: bytes) -> dict[str, Any]:
        """Put a part of a file at its place; at 0 the file begins anew. Twice is once.

        Raises: Unusable, Refusal file_elsewhere if the parts before it are not there, InfraError
        """
        if not FILE_NAME.fullmatch(name):
            raise Unusable("a file's name has up to 100 of A-Z, a-z, 0-9, ., _ and -: log.csv.gz")
        if offset + len(part) > self.most_bytes:
            raise Unusable(f"a file has at most {self.most_bytes:,} bytes: split it, or pack it")
        own = self._of(caller)
        with self._turn, disk_named():
            make_private(own)
            if offset == 0:
                self.forget_old()
                self._begin(own, name, part)
            else:
                _go_on(own / name, offset, part)
            return {"file": name, "bytes": (own / name).stat().st_size}

    def find(self, caller: str, name: str) -> Path:
        """Give where a file is. Raises: Absent"""
        found = self._of(caller) / name
        if not found.is_file():
            raise Absent(f"there is no file {name}: put it, and name it here as there")
        return found

    def forget_old(self) -> None:
        """Remove what nobody came back for."""
        for found in self.folder.glob("*/*"):
            with disk_named():
                if time() - found.stat().st_mtime > KEPT_SECONDS:
                    found.unlink(missing_ok=True)

    def _begin(self, own: Path, name: str, part: bytes) -> None:
        there = {one.name for one in own.iterdir() if not one.name.startswith(".")}
        if name not in there and len(there) >= MOST_FILES:
            raise Unusable(f"{MOST_FILES} files wait already: import them, or put one anew")
        begun = own / f".{uuid4()}"
        begun.touch(0o600)
        begun.write_bytes(part)
        begun.replace(own / name)  # An import that reads the one before goes on reading that.

    def _of(self, caller: str) -> Path:
        return self.folder / sha256(caller.encode()).hexdigest()[:32]


def _go_on(path: Path, offset: int, part: bytes) -> None:
    size = path.stat().st_size if path.is_file() else 0
    if size < offset:
        raise _elsewhere(size)
    with path.open("r+b") as file:
        file.seek(offset)
        there = file.read(len(part))
        if not part.startswith(there):
            raise _elsewhere(size)
        if len(there) == len(part):
            return
        if os.fstat(file.fileno()).st_nlink > 1:
            raise _elsewhere(size)  # An import reads it.
        file.write(part[len(there) :])


def _elsewhere(size: int) -> Refusal:
    return Refusal(
        Unmet(
            code="file_elsewhere",
            field="offset",
            message=f"The file has {size:,} bytes, and this part does not go on there",
            needed=f"offset={size} with what follows, or 0 to begin anew",
        )
    )


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are not there, for its owner's eyes only."""
    if not folder.exists():
        make_private(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)


def fingerprint(paths: Mapping[str, Path]) -> str:
    """Give SHA-256 over names and contents of files, hexadecimal."""
    total = sha256()
    for name, path in sorted(paths.items()):
        with path.open("rb") as file:
            one = sha256()
            while block := file.read(BLOCK):
                one.update(block)
        total.update(name.encode() + b"\0" + one.digest())
    return total.hexdigest()


@contextmanager
def disk_named() -> Iterator[None]:
    """Say as any other trouble below the business what the disk says."""
    try:
        yield
    except OSError as error:
        words = f"the data folder cannot be used: {error.strerror}"
        raise InfraError("data_folder_unusable", words) from error
