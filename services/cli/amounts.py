"""Money as people write it, 12.50, and as the log holds it, 1250 minor units; and quantities."""

from typing import Any

import typer


def minor_of(text: str, currency: str, option: str) -> int:
    """Read an amount exactly in the currency's minor units."""
    from domain.orders.amounts import minor_units
    from domain.refusals import UnreadableError

    try:
        return minor_units(text, option, currency)
    except UnreadableError as error:
        raise typer.BadParameter(error.message) from None


def count_of(text: str, option: str) -> int:
    """Read how many pieces there are."""
    from domain.orders.amounts import whole_number
    from domain.refusals import UnreadableError

    try:
        return whole_number(text, option, 1, 1_000_000)
    except UnreadableError as error:
        raise typer.BadParameter(error.message) from None


def points_of(text: str, option: str) -> int:
    """Read a percentage exactly, in basis points."""
    from domain.orders.amounts import basis_points
    from domain.refusals import UnreadableError

    try:
        return basis_points(text, option)
    except UnreadableError as error:
        raise typer.BadParameter(error.message) from None


def percent(basis_points: int) -> str:
    """Write basis points for people: 750 is 7.5 %."""
    return f"{basis_points / 100:g} %"


def amount(minor: int | None, currency: str | None) -> str:
    """Write an amount for people: 1,234.50 BRL."""
    if minor is None:
        return "-"
    if currency is None:
        return f"{minor:,} minor units"
    from domain.orders.amounts import written_amount

    return written_amount(minor, currency)


def priced(name: str, value: Any, currency: str | None) -> Any:
    """Write a value as money where its name says that it is: `total_minor`."""
    if isinstance(value, dict):
        return {key: priced(key, one, currency) for key, one in value.items()}
    if name.endswith("_minor") and isinstance(value, int):
        return amount(value, currency)
    return value
