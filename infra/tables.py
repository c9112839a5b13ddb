"""Tables as streams of rows with their line numbers: CSV, CSV.gz and Parquet.

Every value is text as written. A row that cannot be read is given with the reason, and reading
goes on behind its first line; only a file that is no table at all is an error.
"""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from domain.refusals import Unusable
from infra.parquet import PARQUET_MAGIC, open_parquet

MAX_LINE_CHARACTERS: Final = 1_048_576
MAX_ROW_LINES: Final = 100  # lines of one row whose quoted texts hold line breaks
MAX_COLUMNS: Final = 1_000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_NO_TABLE: Final = {
    b"PK": "a ZIP or Excel file: unpack it, or export it as CSV",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"BZh": "a bzip2 file: unpack it",
    b"\x28\xb5\x2f\xfd": "a zstd file: unpack it",
    b"\xfd7zXZ": "an xz file: unpack it",
}

Row = tuple[int, list[str], str | None]  # line, values, and why they are no row


class TableError(Unusable):
    """A file is no table, or ends too early. Says which file, what is wrong, what to do."""


class Table(Protocol):
    """A table that can be read once, from its first row to the last."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def read_share(self) -> float: ...  # 0..1, how much of the file was read
    @property
    def ends_open(self) -> bool: ...  # the last line has no line break
    def rows(self) -> Iterator[Row]: ...
    def close(self) -> None: ...


def open_table(path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> Table:
    """Open a table and read its header.

    Raises: TableError
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        why = error.strerror or str(error)
        raise TableError(f"{path.name or path} cannot be opened ({why}): check the path") from error
    if start.startswith(PARQUET_MAGIC):
        return open_parquet(path, TableError)
    for magic, advice in _NO_TABLE.items():
        if start.startswith(magic) and not (advice.startswith("UTF-16") and "16" in encoding):
            raise TableError(f"{path.name} is {advice}")
    return CsvTable(path, delimiter, encoding, packed=start.startswith(_GZIP_MAGIC))


class CsvTable:
    """A CSV file, packed with gzip or not."""

    def __init__(self, path: Path, delimiter: str, encoding: str, *, packed: bool) -> None:
        self._name = path.name
        self._size = max(path.stat().st_size, 1)
        self._raw = path.open("rb")
        binary: Any = gzip.GzipFile(fileobj=self._raw) if packed else self._raw
        chosen = (
            "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        )
        text = io.TextIOWrapper(binary, chosen, errors="surrogateescape", newline="")
        self._lines = _Lines(text)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        try:
            self.columns = self._header()
        except BaseException:
            self.close()
            raise

    @property
    def read_share(self) -> float:
        return min(self._raw.tell() / self._size, 1.0)

    def rows(self) -> Iterator[Row]:
        """Give the rows behind the header; blank lines are none."""
        try:
            while (row := self._next()) is not None:
                if row[1]:
                    yield row
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._damaged(error) from error

    @property
    def ends_open(self) -> bool:
        """Whether the last line has no line break: perhaps the file was cut there."""
        return self._lines.ends_open

    def close(self) -> None:
        self._lines.close()
        self._raw.close()

    def _next(self) -> Row | None:
        lines = self._lines
        line = lines.begin()
        try:
            values = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            raw = lines.taken[0] if lines.taken else ""
            lines.again_from_second()
            too_long = "field larger" in str(error) or "longer than" in str(error)
            return line, [raw[:1_000]], "row_too_long" if too_long else "row_malformed"
        problem = _undecodable(lines.taken)
        if len(values) != len(self.columns) and values:
            lines.again_from_second()
            problem = "columns_missing" if len(values) < len(self.columns) else "columns_too_many"
        return line, values, problem

    def _header(self) -> tuple[str, ...]:
        self._lines.begin()
        try:
            names = next(self._reader)
        except StopIteration:
            raise TableError(f"{self._name} is empty: a header and rows were expected") from None
        except csv.Error as error:
            raise TableError(f"{self._name}:1: the header cannot be read ({error})") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._damaged(error) from error
        if _undecodable(self._lines.taken):
            raise TableError(f"{self._name}:1: not UTF-8: save it as UTF-8, or name its encoding")
        return checked_header(names, f"{self._name}:1", TableError)

    def _damaged(self, error: Exception) -> TableError:
        words = "ends too early" if isinstance(error, EOFError) else f"is damaged ({error})"
        where = f"{self._name}:{max(self._lines.number, 1)}"
        return TableError(
            f"{where}: the packed file {words}: get it again; nothing of it was recorded"
        )


def checked_header(names: Sequence[str], where: str, problem: type[Unusable]) -> tuple[str, ...]:
    """Give the columns' names; one that has none is called by its number."""
    columns = tuple(name.strip() or f"column {n}" for n, name in enumerate(names, 1))
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise problem(f"{where}: the column {twice[0]!r} stands there twice: rename one of them")
    if len(columns) > MAX_COLUMNS:
        raise problem(f"{where}: {len(columns)} columns, at most {MAX_COLUMNS} are read")
    return columns


def _undecodable(lines: Sequence[str]) -> str | None:
    for line in lines:
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError:
                return "not_utf8"
    return None


class _Lines:
    """The lines of a text, for csv.reader: counted, of bounded length, and some of them again."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.taken: list[str] = []  # of the row that is being read
        self.number = 0  # of the latest line, from 1
        self.ends_open = False

    def begin(self) -> int:
        """Begin a row: give the number of its first line."""
        self.taken.clear()
        return self.number + 1

    def again_from_second(self) -> None:
        """Read the row's lines behind the first once more: it has swallowed its neighbours."""
        rest = self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._again:
            line = self._again.popleft()
        else:
            line = self._text.readline(MAX_LINE_CHARACTERS)
            if not line:
                raise StopIteration
            self.ends_open = line[-1] not in "\r\n"
        self.number += 1
        self.taken.append(line)
        if len(line) >= MAX_LINE_CHARACTERS and self.ends_open:
            while self.ends_open and (more := self._text.readline(MAX_LINE_CHARACTERS)):
                self.ends_open = more[-1] not in "\r\n"
            raise csv.Error(f"line longer than {MAX_LINE_CHARACTERS} characters")
        if len(self.taken) > MAX_ROW_LINES:
            raise csv.Error(f"no end of the quoted text within {MAX_ROW_LINES} lines")
        return line

    def close(self) -> None:
        self._text.close()
