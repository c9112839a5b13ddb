"""A relay in a thread or in a process of its own, and what it published, read back and checked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition

from domain.refusals import InfraError
from domain.streaming import LOG, Lane, Span
from infra.event_log import open_log
from infra.fenced_producer import make_producer
from infra.log import configure_logging
from infra.log_records import unpack
from infra.log_source import LogSource
from infra.postgres import connect
from infra.recorded_row import RecordedRow
from infra.relay_store import LOCK, PostgresRelayStore, RelayState, relay_state
from infra.topics import ensure_topics
from services.log_lane import LogLane
from services.relay import Broker, Relay
from tests.support.loads import open_shop
from tests.support.waiting import ROOM_SECONDS, wait_for

Part = tuple[Span, list[RecordedRow]]


@dataclass
class Running:
    """A relay in a thread: what it told, and how it ended."""

    told: list[str] = field(default_factory=list)
    error: InfraError | None = None
    stop: Signal = field(default_factory=Signal)

    def has_told(self, words: str) -> bool:
        return any(words in line for line in self.told)


def broker_of(server: str, **settings: Any) -> Broker:
    """Give what a relay asks of a Kafka."""
    arguments = {"bootstrap_servers": [server], "security_protocol": "PLAINTEXT"}
    return Broker(partial(make_producer, arguments, **settings), partial(ensure_topics, arguments))


@contextmanager
def relaying(
    url: str, server: str, *, lanes: Sequence[Lane] = (), patience_seconds: float = 5.0
) -> Iterator[Running]:
    """Let a relay run in a thread until the block ends."""
    running = Running()
    thread = Thread(target=_run, args=(running, url, server, lanes, patience_seconds))
    thread.start()
    try:
        yield running
    finally:
        running.stop.set()
        thread.join(ROOM_SECONDS)
        assert not thread.is_alive()


def _run(
    running: Running, url: str, server: str, lanes: Sequence[Lane], patience_seconds: float
) -> None:
    log, source = open_log(url, role="orderpath_projector"), LogSource(url)
    broker = broker_of(server, patience_seconds=patience_seconds)
    chosen = lanes or [LogLane(source)]
    relay = Relay(PostgresRelayStore(url), log, broker, lanes=chosen, tell=running.told.append)
    try:
        relay.run(running.stop)
    except InfraError as error:
        running.error = error
    finally:
        source.close()
        log.close()


def relay_until_killed(pipe: Connection, url: str, server: str) -> None:
    """Be a relay for as long as the process lives, and say every line that it tells."""
    configure_logging("error", "json")
    log, source = open_log(url, role="orderpath_projector"), LogSource(url)
    lanes = [LogLane(source, batch_events=200)]
    Relay(PostgresRelayStore(url), log, broker_of(server), lanes=lanes, tell=pipe.send).run(
        Signal()
    )


def end_session_of_leader(url: str) -> None:
    """End it as the server does with one whose machine is gone."""
    with connect(url) as owner:
        owner.execute(
            "select pg_terminate_backend(pid, 10000) from pg_locks"
            " where locktype = 'advisory' and granted and objid = %s"
            " and database = (select oid from pg_database where datname = current_database())",
            [LOCK],
        )


def open_shop_of_its_own(url: str, orders: int) -> list[UUID]:
    """Place so many orders in a log with an id of its own: clones share their template's."""
    with connect(url) as owner:
        owner.execute("update log.head set log_id = gen_random_uuid()")
    return open_shop(url, orders)


def state_of(url: str) -> RelayState:
    with connect(url, role="orderpath_projector") as session:
        return relay_state(session)


def published(url: str, lane: str = "log") -> int:
    """Say how far a lane is."""
    return next((one.position for one in state_of(url).lanes if one.lane == lane), 0)


def end_of(url: str) -> int:
    log = open_log(url)
    try:
        return log.head().position
    finally:
        log.close()


def wait_until_published(url: str, *lanes: str) -> None:
    """Wait until everything that the log has now is published, by lane `log` or by those given.

    However much that is: only where the lanes stand still the wait comes to its end.
    """
    end = end_of(url)
    there = _published(url, lanes)
    while min(there) < end:
        went_on = partial(_differ, url, lanes, there)
        wait_for(went_on, f"the relay stands still at {there} of {end}")
        there = _published(url, lanes)


def _published(url: str, lanes: Sequence[str]) -> list[int]:
    return [published(url, lane) for lane in lanes or ("log",)]


def _differ(url: str, lanes: Sequence[str], there: Sequence[int]) -> bool:
    return _published(url, lanes) != there


def records_of(server: str, topic: str, **settings: Any) -> list[Any]:
    """Read all records that a topic has now, partition by partition; settings: of the reader."""
    with KafkaConsumer(
        bootstrap_servers=[server],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **settings,
    ) as consumer:
        partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
        ends = consumer.end_offsets(partitions)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        found: dict[TopicPartition, list[Any]] = {}
        deadline = monotonic() + ROOM_SECONDS
        while any(consumer.position(one) < ends[one] for one in partitions):
            assert monotonic() < deadline
            for partition, records in consumer.poll(timeout_ms=200).items():
                found.setdefault(partition, []).extend(records)
    return [record for partition in sorted(found) for record in found[partition]]


def log_parts(url: str, server: str, topic: str = LOG.name) -> list[Part]:
    """Read what a topic has of this log: other tests write into the same one."""
    log_id = head_of(url)
    parts = (
        unpack(dict(record.headers), record.value)
        for record in records_of(server, topic)
        if dict(record.headers)["log_id"].decode() == log_id
    )
    return list(parts)


def head_of(url: str) -> str:
    log = open_log(url)
    try:
        return str(log.head().log_id)
    finally:
        log.close()


def rows_of(url: str) -> list[RecordedRow]:
    log = open_log(url)
    try:
        return log.recorder.select_rows(0, 1_000_000)
    finally:
        log.close()


def without_repeats(parts: Sequence[Part]) -> list[RecordedRow]:
    """Take every row as a worker does: what is known is dropped, a gap is a fault."""
    reached: dict[int, int] = {}
    rows: list[RecordedRow] = []
    for span, found in parts:
        position = reached.get(span.shard, 0)
        assert span.prev <= position, f"a gap before {span}, known is {position}"
        rows += [row for row in found if row.position > position]
        reached[span.shard] = max(position, span.last)
    return sorted(rows, key=lambda row: row.position)
