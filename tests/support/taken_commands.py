"""What a consumer of commands works with in tests of what it does with a record: no broker."""

from collections.abc import Sequence
from threading import Event as Signal
from threading import Lock
from types import SimpleNamespace
from typing import Any

from kafka import TopicPartition

from domain.streaming import COMMANDS, Message

PARTITION = TopicPartition(COMMANDS.name, 0)


class Records:
    """One batch of the topic, then nothing; the end once it, or so many parts, are committed."""

    def __init__(self, stop: Signal, batch: Sequence[Any], parts: int = 1) -> None:
        self._parts = parts
        self._stop = stop
        self._coordinator = SimpleNamespace(
            rejoining=False, stable=lambda: True, _heartbeat_enabled=True, _lock=Lock()
        )
        self._batch = batch
        self.committed: list[int] = []

    def poll(self, **_: int) -> dict[TopicPartition, Sequence[Any]]:
        batch, self._batch = self._batch, []
        return {PARTITION: batch}

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset()

    def commit(self, offsets: dict[TopicPartition, Any], **_: int) -> None:
        self.committed += [one.offset for one in offsets.values()]
        if len(self.committed) == self._parts:
            self._stop.set()

    def close(self, **_: int) -> None:
        pass


class Post:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def publish(self, messages: Sequence[Message]) -> None:
        self.sent += messages

    def close(self) -> None:
        pass


def record(
    offset: int, value: bytes | None, key: bytes | None = b"k", headers: Sequence[Any] = ()
) -> Any:
    """Make a record of the topic as kafka-python gives it."""
    return SimpleNamespace(
        topic=COMMANDS.name,
        partition=0,
        offset=offset,
        key=key,
        value=value,
        timestamp=0,
        headers=list(headers),
    )
