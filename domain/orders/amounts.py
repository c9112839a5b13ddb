"""Amounts and quantities as files and people write them, and as people read them: all exact."""

import re
from decimal import Decimal
from typing import Final

from domain.orders.currencies import digits_of
from domain.orders.money import MAX_MINOR
from domain.refusals import UnreadableError

_DECIMAL: Final = re.compile(r"0*(0|[1-9][0-9]*)(\.[0-9]{1,10})?")
_MOST_DIGITS: Final = len(str(MAX_MINOR))  # before the decimal mark, in whatever currency
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%?")
_MOST_POINTS: Final = 10_000  # 100 %


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


def basis_points(text: str, column: str) -> int:
    """Read a percentage exactly: 7.5 and 7.5% are 750 basis points.

    Raises: UnreadableError
    """
    found = _PERCENT.fullmatch(text.strip())
    points = int(Decimal(found[1]) * 100) if found else _MOST_POINTS + 1
    if points > _MOST_POINTS:
        words = f"{column} is no percentage from 0 to 100 with at most 2 decimals"
        raise UnreadableError("percentage_unreadable", column, words)
    return points


def written_amount(minor: int, currency: str) -> str:
    """Write an amount for people: 1,234.50 BRL."""
    unit = 10 ** digits_of(currency)
    whole, rest = divmod(abs(minor), unit)
    decimals = f".{rest:0{len(str(unit)) - 1}d}" if unit > 1 else ""
    return f"{'-' if minor < 0 else ''}{whole:,}{decimals} {currency}"


def _too_large(column: str, currency: str, digits: int) -> UnreadableError:
    most = Decimal(MAX_MINOR).scaleb(-digits)
    words = f"{column}: the amount is too large, write at most {most:f} {currency}"
    return UnreadableError("amount_too_large", column, words)
