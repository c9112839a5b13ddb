"""What people are told of a worker: one line, again whenever it changes."""

from collections.abc import Callable
from threading import Lock

from domain.messages import SHARDS


def lacking(topic: str, partitions: int) -> str:
    """Say what a topic lacks that has a partition for each shard; empty: nothing."""
    if partitions == SHARDS:
        return ""
    if not partitions:
        return f"worker waits: Kafka has no topic {topic}, which the relay makes"
    return (
        f"worker waits: topic {topic} has {partitions} partitions instead of {SHARDS}; what comes "
        "meanwhile is read from the log"
    )


class StateLine:
    """Knows how a worker stands. The event loop and the projector thread share it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = Lock()
        self._told = ""
        self._shards: frozenset[int] | None = None  # None: nothing was assigned yet
        self._idle = False
        self._hindrance = ""
        self._lack = ""

    @property
    def shards(self) -> frozenset[int]:
        """The shards whose records come to this worker."""
        return self._shards or frozenset()

    def assign(self, shards: frozenset[int]) -> None:
        """Take other shards; people are told each time."""
        with self._lock:
            self._shards = shards
            self._told = ""
            self._tell()

    def revoke(self) -> None:
        """Lose them until others are assigned."""
        with self._lock:
            self._shards = None

    def idle(self, idle: bool) -> None:
        """Whether somebody else drives the projections."""
        with self._lock:
            self._idle = idle
            self._tell()

    def hinder(self, why: str) -> None:
        """Say what the worker waits for; empty: it goes on."""
        with self._lock:
            self._hindrance = why
            self._tell()

    def lack(self, why: str) -> None:
        """Say what is wrong with the topic, as `lacking` does; empty: nothing."""
        with self._lock:
            self._lack = why
            self._tell()

    def say(self, line: str) -> None:
        """Say something that changes nothing of how the worker stands."""
        with self._lock:
            self._say(line)

    def _tell(self) -> None:
        line = self._line()
        if line and line != self._told:
            self._say(line)
            self._told = line

    def _line(self) -> str:
        if self._hindrance:
            return self._hindrance
        if self._idle:
            return (
                "the log follower drives the projections, this worker waits; "
                "`orderpath projection drive workers` changes that"
            )
        if self._shards is None:
            return ""
        if self._lack:
            return self._lack
        return f"worker ready, {len(self._shards)} of {SHARDS} shards"
