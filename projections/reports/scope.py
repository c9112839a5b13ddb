"""Which orders and which facts a report counts. Every report begins its SQL with `visits_of`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString, TypedDict

from psycopg import Cursor
from psycopg.rows import DictRow

Reader = Cursor[DictRow]


@dataclass(frozen=True, slots=True)
class Scope:
    """Two axes of time and two filters; the default is everything, as it is known now."""

    as_of: datetime | None = None  # what had happened by then, inclusive
    as_known: datetime | None = None  # what the log knew by then, inclusive
    timed_only: bool = False  # without facts whose time is derived
    path: str | None = None  # only orders of this path

    @property
    def is_past(self) -> bool:
        """Another question than how things stand now."""
        return self.as_of is not None or self.as_known is not None or self.timed_only

    @property
    def parameters(self) -> dict[str, Any]:
        """Give what the SQL of `visits_of` names."""
        return {
            "as_of": self.as_of,
            "as_known": self.as_known,
            "timed_only": self.timed_only,
            "path": self.path,
        }


def checked_limit(limit: int, most: int) -> int:
    """Give how many rows a list may have. Raises: ValueError if that is not in 1..most."""
    if not 1 <= limit <= most:
        raise ValueError(f"limit must be in 1..{most}, not {limit}")
    return limit


class Spread(TypedDict):
    """How durations are spread, in seconds to the millisecond; all null where there are none."""

    mean: float | None
    median: float | None
    p90: float | None
    min: float | None
    max: float | None


# Not materialized: a question that names the stays twice reads its few columns twice, which is
# faster than to write all columns down once.
_NOW: Final[LiteralString] = """
    with visits as not materialized (
        select * from status_visits v where %(path)s::text is null or v.path = %(path)s)
"""

_THEN: Final[LiteralString] = """
    with visits as not materialized (
        select * from status_visits_at(coalesce(%(as_of)s::timestamptz, 'infinity'),
            coalesce(%(as_known)s::timestamptz, 'infinity'), %(timed_only)s) v
        where %(path)s::text is null or v.path = %(path)s)
"""


def visits_of(scope: Scope) -> LiteralString:
    """Give the beginning of a question: a WITH clause that calls the stays `visits`."""
    return _THEN if scope.is_past else _NOW


def spread(row: DictRow) -> Spread:
    """Take the columns of a row that describe durations: mean, parts [0, 0.5, 0.9, 1].

    One array of parts, because PostgreSQL sorts once for it, and once more for each alone.
    """
    least, median, p90, most = map(rounded, row["parts"] or [None] * 4)
    return {"mean": rounded(row["mean"]), "median": median, "p90": p90, "min": least, "max": most}


def rounded(seconds: float | None) -> float | None:
    """Cut the noise of floating point behind the milliseconds."""
    return None if seconds is None else round(seconds, 3)
