"""A row of a source, what can be wrong with it, and its texts read as money and numbers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

from pydantic import ValidationError

from domain.imports import BadRow
from domain.orders.currencies import digits_of
from domain.orders.money import MAX_MINOR
from services.imports.identity import ROWS, id_of
from services.imports.problem import first_problem

_DECIMAL: Final = re.compile(r"0*(0|[1-9][0-9]*)(\.[0-9]{1,10})?")
_MOST_DIGITS: Final = len(str(MAX_MINOR))  # before the decimal mark, in whatever currency
_WHOLE: Final = re.compile(r"[0-9]{1,18}")

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


class UnreadableError(Exception):
    """One row cannot be read. The message names columns, never values: they may be personal."""

    def __init__(self, reason: str, column: str | None, message: str) -> None:
        super().__init__(message)
        self.reason, self.column, self.message = reason, column, message


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


def checked(build: Callable[Given, Built], *args: Given.args, **kwargs: Given.kwargs) -> Built:
    """Build a value whose shape says what it takes.

    Raises: UnreadableError value_refused, which never shows the value
    """
    try:
        return build(*args, **kwargs)
    except ValidationError as error:
        raise UnreadableError("value_refused", None, first_problem(error)) from None


def minor_units(text: str, column: str, currency: str, decimal_mark: str = ".") -> int:
    """Read an amount exactly: 12.5 BRL is 1250.

    Raises: UnreadableError
    """
    plain = text.strip()
    if decimal_mark != ".":
        plain = "?" if "." in plain else plain.replace(decimal_mark, ".")
    digits = digits_of(currency)
    found = _DECIMAL.fullmatch(plain)
    if not found:
        words = f"{column} is no amount: write digits and at most one {decimal_mark!r}"
        raise UnreadableError("amount_unreadable", column, words)
    if len(found[1]) > _MOST_DIGITS:  # Decimal would round it to 28 digits.
        raise _too_large(column, currency, digits)
    exact = Decimal(plain).scaleb(digits)
    if exact != int(exact):
        words = f"{column} has parts smaller than {currency}'s minor unit ({digits} decimals)"
        raise UnreadableError("amount_too_fine", column, words)
    if exact > MAX_MINOR:
        raise _too_large(column, currency, digits)
    return int(exact)


def whole_number(text: str, column: str, least: int, most: int) -> int:
    """Read a number without decimals.

    Raises: UnreadableError
    """
    plain = text.strip()
    if not _WHOLE.fullmatch(plain) or not least <= int(plain) <= most:
        words = f"{column} is no whole number from {least} to {most}"
        raise UnreadableError("number_unreadable", column, words)
    return int(plain)


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


def _too_large(column: str, currency: str, digits: int) -> UnreadableError:
    most = Decimal(MAX_MINOR).scaleb(-digits)
    words = f"{column}: the amount is too large, write at most {most:f} {currency}"
    return UnreadableError("amount_too_large", column, words)
