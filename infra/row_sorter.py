"""Rows sorted by order in bounded memory: what is too much waits in unnamed temporary files.

The files have no name, so a killed process leaves nothing behind, personal data least of all.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, Any, Final

from pydantic_core import from_json, to_json

MEMORY_BYTES: Final = 48 * 1024 * 1024  # of rows, before they go into a file
_OVERHEAD_BYTES: Final = 41  # of one bytes object, and its place in the list

SortedRow = tuple[str, int, list[str], int]  # order, table, values, line


class RowSorter:
    """Takes rows in any order and gives them back by order, table and content."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._rows: list[bytes] = []
        self._bytes = 0
        self._files: list[IO[bytes]] = []

    def add(self, order: str, table: int, values: Sequence[str], line: int) -> None:
        """Take one row; table: 0..9."""
        row = to_json((order, table, values, line))
        self._rows.append(row)
        self._bytes += len(row) + _OVERHEAD_BYTES
        if self._bytes > self._memory_bytes:
            self._spill()

    def groups(self, most: int) -> Iterator[tuple[str, list[SortedRow], Iterator[SortedRow]]]:
        """Give each order with its first `most` rows, and those beyond (use them at once).

        May be asked again, not at the same time. Equal rows stand beside each other.
        """
        for order, rows in groupby(map(_row, self._sorted()), key=itemgetter(0)):
            yield order, list(islice(rows, most)), rows  # noqa: B031 - the rest, meant so

    def close(self) -> None:
        """Give memory and files back."""
        self._rows.clear()
        for file in self._files:
            file.close()
        self._files.clear()

    def __enter__(self) -> "RowSorter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sorted(self) -> Iterator[bytes]:
        self._rows.sort()
        for file in self._files:
            file.seek(0)
        return iter(merge(self._rows, *self._files)) if self._files else iter(self._rows)

    def _spill(self) -> None:
        self._rows.sort()
        file = TemporaryFile()  # noqa: SIM115 - lives as long as the sorter
        self._files.append(file)
        file.writelines(row + b"\n" for row in self._rows)
        self._rows.clear()
        self._bytes = 0


def _row(raw: bytes) -> SortedRow:
    row: Any = from_json(raw)
    return row  # type: ignore[no-any-return]
