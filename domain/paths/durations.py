"""Durations as people write them: `10m`, `2d`, `1h30m`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, StringConstraints

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"(\d{1,6})([wdhms])", re.ASCII)
_WHOLE = re.compile(r"(?:\d{1,6}[wdhms]){1,5}", re.ASCII)


def parse_duration(text: object) -> timedelta:
    """Read `1w2d3h4m5s`, any of its parts once.

    Raises: ValueError if the text is not of that form or the duration is zero.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        raise ValueError(f"{str(text)[:64]!r} is not a duration: write 10m, 2d or 1h30m")
    parts = _PART.findall(text)
    amounts = {_UNITS[unit]: int(amount) for amount, unit in parts}
    if len(amounts) < len(parts):
        raise ValueError(f"{text!r} says a unit twice: write 10m, 2d or 1h30m")
    total = timedelta(**amounts)
    if not total:
        raise ValueError("a duration must be longer than zero")
    return total


def format_duration(duration: timedelta) -> str:
    """Write a duration the way parse_duration reads it, in whole seconds."""
    rest, parts = int(duration.total_seconds()), []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


_Written = Annotated[str, StringConstraints(pattern=f"^{_WHOLE.pattern}$")]  # for JSON Schema

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=_Written),
    PlainSerializer(format_duration, return_type=str),
]
