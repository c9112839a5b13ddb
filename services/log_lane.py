"""The relay's lane `log`: every event of the log as it stands, in the topic orderpath.log.

One partition for each shard; a record says which part of its shard it holds, so workers need trust
no offset.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol

from domain.reading import PAGE_BYTES, Head
from domain.streaming import LOG, Message, Outgoing, Span, Topic

BATCH_EVENTS: Final = 2_000


class Source(Protocol):
    """The log's rows, and how they become records. infra.log_source is the one behind it."""

    def last_by_shard(self, position: int) -> dict[int, int]:
        """Give the position of each shard's last event up to a position."""

    def read(self, after: int, limit: int, most_bytes: int) -> Sequence[Any]:
        """Give the next rows, without a gap; each has a position and a shard.

        most_bytes: of their payloads together; the first is given whatever its size
        """

    def split(self, rows: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Cut the rows of one shard into what fits in a record."""

    def pack(self, rows: Sequence[Any], span: Span) -> Message | None:
        """Give the record, None if no record can carry these rows: workers read them here."""


class LogLane:
    """Implements domain.streaming.Lane.

    until: the last position that is given; None: whatever comes
    """

    name = "log"
    topics: Sequence[Topic] = (LOG,)

    def __init__(
        self,
        source: Source,
        *,
        batch_events: int = BATCH_EVENTS,
        batch_bytes: int = PAGE_BYTES,
        until: int | None = None,
    ) -> None:
        self._source = source
        self._batch_events = batch_events
        self._batch_bytes = batch_bytes
        self._until = until
        self._head: Head | None = None
        self._position = 0
        self._last: dict[int, int] = {}  # position of the last event of each shard, so far

    def begin(self, head: Head, position: int) -> None:
        """Go on behind a position; forget what was remembered."""
        self._head = head
        self._position = position
        self._last = self._source.last_by_shard(position)

    def next(self) -> Outgoing | None:
        """Give the next events as records of their shards, None at the end of the log.

        Raises: InfraError log_gap, database_unavailable
        """
        rows = self._source.read(self._position, self._limit(), self._batch_bytes)
        if not rows:
            return None
        shards: dict[int, list[Any]] = {}
        for row in rows:
            shards.setdefault(row.shard, []).append(row)
        messages = [one for shard in shards.items() for one in self._messages(*shard)]
        self._position = rows[-1].position
        return Outgoing(self._position, messages)

    def _limit(self) -> int:
        if self._until is None:
            return self._batch_events
        return min(self._batch_events, max(self._until - self._position, 0))

    def _messages(self, shard: int, rows: Sequence[Any]) -> Iterator[Message]:
        assert self._head is not None
        for part in self._source.split(rows):
            first, last = part[0].position, part[-1].position
            prev = self._last.get(shard, 0)
            span = Span(self._head.log_id, self._head.epoch, shard, prev, first, last)
            self._last[shard] = last
            message = self._source.pack(part, span)
            if message is not None:
                yield message
