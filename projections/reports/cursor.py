"""Where a page of a list ends: what an answer gives as `next`, and the next question takes.

It names the last row by what the list is ordered by, so rows that come or go meanwhile shift none.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from domain.refusals import Unusable

NEVER: Final = "infinity"  # as PostgreSQL calls a time behind all others
LARGEST: Final = 2**63 - 1
Row = TypeVar("Row", bound=Mapping[str, Any])


def page_of(rows: list[Row], limit: int, *keys: str) -> tuple[list[Row], str | None]:
    """Give the rows of a page, and its `next`; None: there are no more.

    rows: as many as limit, and one more if there is one
    keys: what the list is ordered by; a time that is not known comes last
    """
    page = rows[:limit]
    return page, cursor_of(*(page[-1][key] for key in keys)) if len(rows) > limit else None


def cursor_of(*parts: datetime | UUID | str | int | None) -> str:
    """Write what a list goes on behind."""
    told = [one if isinstance(one, int) else NEVER if one is None else str(one) for one in parts]
    return urlsafe_b64encode(json.dumps(told, ensure_ascii=False).encode()).decode().rstrip("=")


def behind(cursor: str | None, *kinds: Callable[[Any], Any]) -> Sequence[Any]:
    """Read what a list goes on behind, a part for each kind; None for each without a cursor.

    Raises: Unusable for a cursor that is none of ours
    """
    if cursor is None:
        return [None] * len(kinds)
    try:
        told = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        return [kind(one) for kind, one in zip(kinds, told, strict=True)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Unusable("the cursor is none that an answer gave as `next`") from None


def moment(told: Any) -> datetime | str:
    """Read a time of a cursor. Raises: ValueError, TypeError"""
    if told == NEVER:
        return NEVER
    found = datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise ValueError("a time without an offset")
    return found


def name(told: Any) -> str:
    """Read a name of a cursor. Raises: TypeError, ValueError"""
    if not isinstance(told, str):
        raise TypeError("a name is a text")
    told.encode()  # Whoever made half a character up hears of it here.
    if "\0" in told:
        raise ValueError("a name that nobody has")
    return told


def number(told: Any) -> int:
    """Read a number of a cursor. Raises: TypeError, ValueError"""
    if type(told) is not int:
        raise TypeError("a number is whole")
    if abs(told) > LARGEST:
        raise ValueError("a number that nothing has")
    return told
