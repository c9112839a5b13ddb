"""How readers see the log: the port, and what stands for an event that cannot be read."""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from domain.facts import PathKey
from domain.messages import Happened, Recorded
from domain.paths.path import OrderPath
from domain.refusals import InfraError

# Of payloads, of what is read or applied at once, unless one event alone is larger. In memory it
# becomes some twenty times as much.
PAGE_BYTES: Final = 4 * 1024 * 1024
PAGE_EVENTS: Final = 500  # of one stream, where it is read in steps

# What an event raises that reads well and cannot have happened to the state before it.
IMPOSSIBLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
UNTIL_MENDED: Final = (
    "Nothing can be decided on this stream until the row is what was written: bring it back from a"
    " backup."
)

Found = TypeVar("Found")
State = TypeVar("State", bound="Evolving")
# What is read step by step, a page of each stream at a time: each step stops before the next page.
Reading = Generator[None, None, Found]


@dataclass(frozen=True, slots=True)
class Head:
    """Which log it is, and its last position (0: empty)."""

    log_id: UUID
    epoch: int  # raised by restore and promotion
    position: int

    def holds(self, log_id: UUID, epoch: int, last: int) -> bool:
        """Whether this log holds what a record says; a restored log does not hold all of it."""
        return (log_id, epoch) == (self.log_id, self.epoch) and last <= self.position


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A row of the log whose bytes are not what their stored name says."""

    position: int
    stream_id: str
    version: int
    shard: int
    type: str  # the stored name
    error: str


class LogGap(InfraError):
    """Something is missing between what the log holds."""

    def __init__(self, missing: str, stream_id: str | None = None) -> None:
        super().__init__(
            "log_gap",
            f"{missing} is missing from the log, which was damaged outside of Orderpath. "
            "Restore it from a backup.",
            stream_id,
        )


def check_versions(stream_id: str, events: Sequence[Happened], after: int = 0) -> None:
    """Refuse a stream with a hole behind a version. Raises: LogGap"""
    for expected, event in enumerate(events, after + 1):
        if event.version != expected:
            raise LogGap(f"Version {expected} of {stream_id}", stream_id)


class Evolving(Protocol):
    """The state of a stream."""

    def evolve(self, recorded: Any, /) -> Any:
        """Give the state behind an event."""


def evolved(stream_id: str, state: State, event: Happened) -> State:
    """Give the state behind an event.

    Raises: InfraError event_unreadable, with its stream, where the event says what cannot be
    """
    try:
        found: State = state.evolve(event)
    except IMPOSSIBLE as error:  # Its words may tell what is personal.
        raise InfraError(
            "event_unreadable",
            f"version {event.version} of {stream_id} ({event.event.NAME}) says what cannot be: "
            f"{type(error).__name__}. {UNTIL_MENDED}",
            stream_id,
        ) from error
    return found


def folded(state: State, events: Iterable[Recorded]) -> State:
    """Give the state behind events of its stream. Raises: as evolved"""
    for event in events:
        state = evolved(event.stream_id, state, event)
    return state


class LogReader(Protocol):
    """The log as projections read it. infra.event_log is the one behind it."""

    def head(self) -> Head:
        """Look at the end of the log."""

    def read_lenient(
        self,
        after: int,
        limit: int,
        *,
        most_bytes: int | None = None,
        shard: int | None = None,
        opened: bool = False,
    ) -> Sequence[Recorded | Undecodable]:
        """Give the next events behind a position, of one shard or of all.

        most_bytes: of their payloads together; the first is given whatever its size
        opened:     personal data in clear; only for who may see keys
        Raises: InfraError newer_version for a stored name that this version does not know.
        """


class OrderLog(LogReader, Protocol):
    """The log for who has to know what was so before. infra.event_log is the one behind it."""

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], *, opened: bool = False
    ) -> Sequence[Recorded | Undecodable]:
        """Give events of many streams, of each those above one version and up to another.

        opened: personal data in clear; only for who may see keys
        """

    def cut_parts(
        self, versions: Mapping[str, tuple[int, int]], most_bytes: int
    ) -> Mapping[str, tuple[int, int]]:
        """Give as much of what is asked of streams, in its order, as may be read at once: what is
        cut ends at an earlier version, what has no room at all is missing.

        most_bytes: of their payloads together; the first event has room whatever its size
        """

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]:
        """Give published paths; what was never published is missing."""

    def published(
        self, kinds: Sequence[str], among: Collection[str] | None = None
    ) -> Sequence[Recorded | Undecodable]:
        """Give every publication of these kinds: path, calendar, rule.

        among: only those of these streams
        What is gone comes last, at the position of the version before, 0 if there is none.
        """


def read_whole(reading: Reading[Found]) -> Found:
    """Take all steps at once."""
    while True:
        try:
            next(reading)
        except StopIteration as end:
            found: Found = end.value
            return found
