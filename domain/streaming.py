"""How Kafka carries the log: the topics, and the ports through which relay and workers see it.

PostgreSQL is the truth. A record that comes twice, late, in part or not at all does no harm:
checkpoints and the log decide (services.projector).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.messages import SHARDS
from domain.reading import Head


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it has to be: who relies on it relies on its partitions too."""

    name: str
    partitions: int
    cleanup: Literal["delete", "compact"] = "delete"
    retention_hours: int | None = None  # None: for ever
    # Transactional id of the one that may write, the last that began to; None: anybody may, because
    # a record that comes late is dropped by its readers. In a compacted topic it would stay.
    writer: str | None = None


_WEEK: Final = 7 * 24
PREFIX: Final = "orderpath"  # of every name below, until a shop chooses another: see named()

LOG: Final = Topic("orderpath.log", SHARDS, retention_hours=_WEEK)  # internal; partition = shard
ORDER_EVENTS: Final = Topic("orderpath.orders.events", 16)  # public; key: order id
ORDER_STATE: Final = Topic(  # public; the same key
    "orderpath.orders.state", 16, cleanup="compact", writer="orderpath-relay-public"
)
COMMANDS: Final = Topic("orderpath.commands", 16, retention_hours=_WEEK)  # key: order id
RESULTS: Final = Topic("orderpath.results", 16, retention_hours=_WEEK)  # key as the command's
CHECKPOINTS: Final = Topic("orderpath.audit.checkpoints", 1)  # public; signed heads of the log
DEADLETTERS: Final = Topic("orderpath.deadletters", 1)  # what could not be read, and why
TOPICS: Final = (LOG, ORDER_EVENTS, ORDER_STATE, COMMANDS, RESULTS, CHECKPOINTS, DEADLETTERS)

PROJECTIONS_GROUP: Final = "orderpath-projections"  # of the workers: it keeps their offsets
COMMANDS_GROUP: Final = "orderpath-commands"  # of who takes commands
GROUPS: Final = (PROJECTIONS_GROUP, COMMANDS_GROUP)
WRITERS: Final = tuple(topic.writer for topic in TOPICS if topic.writer is not None)

_OURS: Final = frozenset((*(topic.name for topic in TOPICS), *GROUPS, *WRITERS))


def named(name: str, prefix: str) -> str:
    """Give what Kafka calls a topic, group or writer of ours in a shop with this prefix.

    Names that are not ours stay as they are. Called where a name goes to Kafka and nowhere before:
    when a record is published, a topic made, or a topic or group subscribed.
    """
    return f"{prefix}{name.removeprefix(PREFIX)}" if name in _OURS else name


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of the log a record of LOG holds; it stands in the record's headers."""

    log_id: UUID
    epoch: int
    shard: int
    prev: int  # position of the shard's last event before this record, 0: it has none
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Swept:
    """Where a topic's partitions end, and up to where their records are deleted."""

    ends: Mapping[int, int]  # partition -> offset behind the last record
    deleted: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Message:
    """One record on its way to a topic."""

    topic: str
    value: bytes | None  # None: of a compacted topic, the key is gone
    key: bytes | None = None
    partition: int | None = None  # None: by the key, as Java clients do it
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a lane wants published, and how far that brings it."""

    position: int  # of the log: everything up to it is in these or earlier messages
    messages: Sequence[Message] = field(default=())


@dataclass(frozen=True, slots=True)
class Leading:
    """Who publishes as the only one: under which name, and whether it still does."""

    writer: str  # as of Topic
    check: Callable[[], object]  # Raises: InfraError once another one may lead


class Producer(Protocol):
    """Publishes. infra.producer and infra.fenced_producer are behind it."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Send all and wait until every single one is acknowledged.

        Raises: InfraError broker_unavailable, then any part of them may have arrived
        """

    def close(self) -> None:
        """Give the connection back."""


class Lane(Protocol):
    """One way from the log into topics, with a position of its own: no lane waits for another."""

    @property
    def name(self) -> str: ...  # a contract: the position is kept under it
    @property
    def topics(self) -> Sequence[Topic]: ...

    def begin(self, head: Head, position: int) -> None:
        """Go on behind a position; forget what was remembered."""

    def next(self) -> Outgoing | None:
        """Give what comes next, None at the end of the log. Raises: InfraError"""


class RelayStore(Protocol):
    """Who leads, and how far each lane is. infra.relay_store is the one behind it."""

    def lead(self) -> AbstractContextManager[bool]:
        """Be the one relay of this log until the block ends; False: another one is."""

    def positions(self) -> Mapping[str, int]:
        """Give how far each lane has published, by name."""

    def end(self) -> int:
        """Give the position of the last event of the log."""

    def move(self, lane: str, position: int) -> None:
        """Save how far a lane has published. Raises: InfraError, also if we lead no longer"""
