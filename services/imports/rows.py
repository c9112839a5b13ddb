"""A row of a source, and what can be wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.orders.identity import id_of
from domain.refusals import UnreadableError
from services.imports.identity import ROWS


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row as the file has it."""

    table: str  # which of the source's tables
    file: str
    line: int
    values: Mapping[str, str]  # column -> text
    quarantined_as: UUID | None = None  # set when it comes from quarantine

    def __getitem__(self, column: str) -> str:
        return self.values[column]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row on its way into quarantine."""

    row_id: UUID
    table: str
    file: str
    line: int
    reason: str
    column: str | None
    message: str
    order_id: UUID | None
    values: Mapping[str, str]


def bad_row(
    source: str, row: SourceRow, error: UnreadableError, order_id: UUID | None = None
) -> BadRow:
    """Say what is wrong with a row; the same row again is the same one."""
    row_id = row.quarantined_as
    if row_id is None:
        content = [part for pair in sorted(row.values.items()) for part in pair]
        row_id = id_of(ROWS, source, row.table, *content)
    return BadRow(
        row_id=row_id,
        table=row.table,
        file=row.file,
        line=row.line,
        reason=error.reason,
        column=error.column,
        message=error.message,
        order_id=order_id,
        values=row.values,
    )


def filled(row: SourceRow, column: str) -> str:
    """Give a text that must stand there.

    Raises: UnreadableError
    """
    text = row[column].strip()
    if not text:
        raise UnreadableError("value_missing", column, f"{column} is empty")
    if len(text) > 200:
        raise UnreadableError("value_too_long", column, f"{column} is longer than 200 characters")
    return text
