"""Parquet files as tables of text; pyarrow is an extra that only they need."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from domain.refusals import Unusable

PARQUET_MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 4_096


def open_parquet(path: Path, problem: type[Unusable]) -> "ParquetTable":
    """Open a Parquet file. Raises: `problem`, also where pyarrow is not installed."""
    try:
        return ParquetTable(path, problem)
    except ImportError as error:
        words = "Parquet needs pyarrow: pip install 'orderpath[parquet]', or export CSV"
        raise problem(f"{path.name}: {words}") from error


class ParquetTable:
    """A Parquet file; its lines are its rows, counted from 1."""

    ends_open = False

    def __init__(self, path: Path, problem: type[Unusable]) -> None:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        self._name, self._problem, self._arrow_error = path.name, problem, ArrowException
        try:
            self._file = ParquetFile(path)
        except (ArrowException, OSError) as error:
            raise self._damaged(error) from error
        names = self._file.schema_arrow.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            self.close()
            raise problem(f"{path.name}: the column {twice[0]!r} stands there twice: rename one")
        self.columns: tuple[str, ...] = tuple(names)
        self._total = max(self._file.metadata.num_rows, 1)
        self._read = 0

    @property
    def read_share(self) -> float:
        return float(self._read / self._total)

    def rows(self) -> Iterator[tuple[int, list[str], str | None]]:
        """Give the rows in the file's order, every value as text."""
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS):
                columns = [_texts(column) for column in batch.columns]
                for values in zip(*columns, strict=True):
                    self._read += 1
                    yield self._read, list(values), None
        except (self._arrow_error, OSError) as error:
            raise self._damaged(error) from error

    def close(self) -> None:
        self._file.close()

    def _damaged(self, error: Exception) -> Unusable:
        reason = " ".join(str(error).split())[:200]
        return self._problem(
            f"{self._name}: the Parquet file cannot be read ({reason}): get it again"
        )


def _texts(column: Any) -> list[str]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return [_text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes():
            return value.hex()
        case list() | dict():
            return json.dumps(value, default=str, sort_keys=True)
        case _:
            return str(value)
