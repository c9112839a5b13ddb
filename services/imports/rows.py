"""A row of a source, and what can be wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from uuid import UUID

from pydantic import ValidationError

from domain.imports import BadRow
from domain.orders.identity import id_of
from domain.refusals import UnreadableError
from services.imports.identity import ROWS
from services.imports.problem import first_problem

Given = ParamSpec("Given")
Built = TypeVar("Built")


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


def bad_row(
    row_id: UUID, row: SourceRow, error: UnreadableError, order_id: UUID | None = None
) -> BadRow:
    """Say what is wrong with a row."""
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


def id_of_row(source: str, row: SourceRow) -> UUID:
    """Give an id that follows from what the row says: the same row again is the same one. It tells
    of what is personal, so it is stored as ImportStore.row_id makes it.
    """
    content = [part for pair in sorted(row.values.items()) for part in pair]
    return id_of(ROWS, source, row.table, *content)


def checked(build: Callable[Given, Built], *args: Given.args, **kwargs: Given.kwargs) -> Built:
    """Build a value whose shape says what it takes.

    Raises: UnreadableError value_refused, which never shows the value
    """
    try:
        return build(*args, **kwargs)
    except ValidationError as error:
        raise UnreadableError("value_refused", None, first_problem(error)) from None


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
