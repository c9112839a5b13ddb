"""A relay of the tests' own: publishes the log as told, also wrongly, and says how far it is."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaProducer

from domain.streaming import PREFIX, Message, Span, named
from infra.event_log import EventLog, open_log
from infra.log_records import pack
from infra.postgres import connect
from infra.recorded_row import RecordedRow
from tests.support.broker import ROOM_SECONDS

PUBLISHED = (
    "insert into ops.relay (lane, log_id, epoch, position)"
    " select 'log', log_id, epoch, %s from log.head"
    " on conflict (lane) do update set position = excluded.position, epoch = excluded.epoch"
)


class LogFeed:
    """Packs what the log holds, sends it, and moves the relay's position."""

    def __init__(self, url: str, producer: Any, log: EventLog, prefix: str = PREFIX) -> None:
        self._url = url
        self._prefix = prefix
        self._producer = producer
        self._log = log
        self._prev: dict[int, int] = {}  # by shard
        self.position = 0

    def publish(self, events_a_record: int = 16) -> None:
        """Publish everything that the log holds above the position."""
        self.send(self.records(events_a_record))
        self.say_published()

    def records(self, events_a_record: int = 16) -> list[Message]:
        """Give what comes next as records, in the order of their first events."""
        head = self._log.head()
        rows = self._log.recorder.select_rows(self.position, 1_000_000)
        made: list[Message] = []
        for shard, part in _parts(rows, events_a_record):
            prev, self._prev[shard] = self._prev.get(shard, 0), part[-1].position
            place = (shard, prev, part[0].position, part[-1].position)
            made.append(pack(part, Span(head.log_id, head.epoch, *place)))
        self.position = head.position
        return made

    def send(self, messages: Iterable[Message]) -> None:
        """Write records and wait until all are acknowledged."""
        sent = [
            self._producer.send(
                named(one.topic, self._prefix),
                one.value,
                one.key,
                list(one.headers),
                one.partition,
            )
            for one in messages
        ]
        for future in sent:
            future.get(timeout=ROOM_SECONDS)

    def say_published(self, position: int | None = None) -> None:
        """Write down how far the relay is."""
        with connect(self._url) as session:
            session.execute(PUBLISHED, [self.position if position is None else position])


@contextmanager
def open_feed(url: str, broker: str, prefix: str = PREFIX) -> Iterator[LogFeed]:
    """Open a feed from a database to the topics of a shop with this prefix."""
    log = open_log(url)
    producer = KafkaProducer(
        bootstrap_servers=[broker], compression_type="lz4", acks="all", linger_ms=5
    )
    try:
        yield LogFeed(url, producer, log, prefix)
    finally:
        producer.close(timeout=ROOM_SECONDS)
        log.close()


def _parts(rows: Sequence[RecordedRow], size: int) -> Iterator[tuple[int, list[RecordedRow]]]:
    shards: dict[int, list[RecordedRow]] = {}
    for row in rows:
        shards.setdefault(row.shard, []).append(row)
    parts = [
        (shard, found[start : start + size])
        for shard, found in shards.items()
        for start in range(0, len(found), size)
    ]
    yield from sorted(parts, key=lambda part: part[1][0].position)
