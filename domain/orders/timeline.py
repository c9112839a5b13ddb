"""The one order in which what happened to an order counts, for state and projections alike.

Facts: (occurred_at, 0, rank, fact_id). Decisions: (occurred_at, 1, version, nil). At equal
time facts come first. So the same facts give the same status in whatever order they came.
"""

from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

MAX_RANK = 2**31 - 2  # a column of the projections, one place kept behind the last

_UNRANKED = MAX_RANK + 1
_NO_FACT = UUID(int=0)

TimelineKey = tuple[datetime, int, int, UUID]
EARLIEST: TimelineKey = (datetime.min.replace(tzinfo=UTC), 0, 0, _NO_FACT)


@dataclass(frozen=True, slots=True)
class Entry:
    """The order entered a status."""

    key: TimelineKey
    version: int  # of the event in the order's stream
    status: str


def key_of(
    occurred_at: datetime, version: int, rank: int | None, fact_id: UUID | None
) -> TimelineKey:
    """Give the place of an event among those of its order.

    rank: place among facts of the same second; None: it has none and follows all that have.
    """
    if fact_id is None:
        return (occurred_at, 1, version, _NO_FACT)
    return (occurred_at, 0, _UNRANKED if rank is None else rank, fact_id)


def insert(timeline: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """Give the timeline with one more entry, at its place."""
    if not timeline or timeline[-1].key < entry.key:
        return timeline + (entry,)  # noqa: RUF005 - half the time of an unpacked one
    at = bisect(timeline, entry.key, key=_key)
    return (*timeline[:at], entry, *timeline[at:])


def without(timeline: tuple[Entry, ...], version: int) -> tuple[Entry, ...]:
    """Give the timeline as if that event had never been."""
    return tuple(entry for entry in timeline if entry.version != version)


def _key(entry: Entry) -> TimelineKey:
    return entry.key
