"""Answers as JSON: the one form in which the CLI prints them and the API sends them.

And back: what was written as a time is a time again, so that tables for people look the same.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

# Exactly what `plain` writes, so that a text that is taken for a time is written as it was.
_WRITTEN_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)


def to_json(answer: Any, *, indent: int | None = None) -> str:
    """Write one JSON document."""
    return json.dumps(answer, default=plain, ensure_ascii=False, indent=indent)


def plain(value: Any) -> str:
    """Write what JSON has no form for: times as RFC 3339 in UTC, ids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def from_json(text: str | bytes) -> Any:
    """Read a document as to_json writes it."""
    return _revived(json.loads(text))


def as_told(part: Any) -> Any:
    """Give a part of an answer as JSON has it, with times as texts: a definition is read of it."""
    return json.loads(to_json(part))


def _revived(value: Any) -> Any:
    match value:
        case str() if _WRITTEN_TIME.fullmatch(value):
            return _time(value)
        case list():
            return [_revived(one) for one in value]
        case dict():
            return {key: _revived(one) for key, one in value.items()}
        case _:
            return value


def _time(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # It only looks like one: the 31st of February.
        return text
