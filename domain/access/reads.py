"""Who read whose personal data: as it is noted, and the port to where it is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.messages import ActorKind


class Reading(NamedTuple):
    """Who asked what, within a minute, and about whom."""

    minute: datetime
    actor_kind: ActorKind
    actor_id: str
    on_behalf_of: str | None
    question: str
    subject: str | None  # whose data it was, as the log calls them; None: of many at once


@dataclass(frozen=True, slots=True)
class Read:
    """One row of what is kept."""

    reading: Reading
    subjects: int  # how many persons: 1 where one is named
    times: int


class Place(NamedTuple):
    """Where a row stands in the list, the latest first."""

    minute: datetime
    number: int  # as the store counts its rows


@dataclass(frozen=True, slots=True)
class Kept:
    """One row as it is listed."""

    read: Read
    place: Place


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows are meant: all that is said has to hold."""

    subject: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    behind: Place | None = None  # only what is listed behind there


class ReadStore(Protocol):
    """Keeps what was noted; old rows go, so that it stays bounded."""

    def note(self, reads: Iterable[Read]) -> None: ...
    def find(self, sought: Sought, limit: int) -> Sequence[Kept]: ...
    def forget(self, subjects: Sequence[str]) -> int: ...
