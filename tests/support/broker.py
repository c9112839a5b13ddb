"""A Kafka for a test session: one broker, and topics and groups of each test's own.

All pytest-xdist workers share the broker: the local one is made to be shared by processes.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from domain.refusals import InfraError
from infra.local_broker import start_local_broker, stop_local_broker

ROOM_SECONDS = 60.0  # far more than any wait takes; reached only by a fault

LARGEST_BATCH = 1 << 30  # bytes that a test may send as one, before they are packed


def start_test_broker(folder: Path, **settings: str) -> str:
    """Give host:port of the session's broker; or skip, except under CI.

    settings: of the broker by name, _ for the dot: num_partitions="1"
    """
    named = {key.replace("_", "."): value for key, value in settings.items()}
    try:
        return start_local_broker(folder, settings=named)
    except InfraError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"needs Kafka, which did not start: {error}")


@contextmanager
def folder_of_own_broker(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder for a broker of some tests alone, which has ended afterwards."""
    folder = factory.mktemp("broker")
    yield folder
    stop_local_broker(folder)


def kill_broker(folder: Path) -> None:
    """End the local broker of this folder as a power cut would."""
    process = psutil.Process(int((folder / "kafka" / "kafka.pid").read_text()))
    process.kill()
    psutil.wait_procs([process], ROOM_SECONDS)


@contextmanager
def frozen_broker(folder: Path) -> Iterator[None]:
    """Let the local broker of this folder hang: it takes connections and answers nothing."""
    process = psutil.Process(int((folder / "kafka" / "kafka.pid").read_text()))
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def fresh_topic(broker: str, partitions: int = 1, **configuration: str) -> str:
    """Create a topic that nobody else uses and give its name, once it can be written to.

    configuration: settings of the topic by name, _ for the dot: cleanup_policy="compact"
    """
    name = f"test-{uuid4().hex}"
    topic = NewTopic(
        name,
        num_partitions=partitions,
        replication_factor=1,
        topic_configs={key.replace("_", "."): value for key, value in configuration.items()},
    )
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        admin.create_topics([topic])
        admin.wait_for_topics([name])
    return name


def fresh_group() -> str:
    """Give the name of a consumer group that nobody else uses."""
    return f"test-{uuid4().hex}"


def send(broker: str, topic: str, *values: bytes) -> None:
    """Write records, compressed as the relay does, and wait until all are acknowledged."""
    with KafkaProducer(
        bootstrap_servers=[broker], compression_type="lz4", acks="all", linger_ms=5
    ) as producer:
        sent = [producer.send(topic, value) for value in values]
        for future in sent:
            future.get(timeout=ROOM_SECONDS)


def send_bare_header(broker: str, topic: str, name: str) -> None:
    """Write a record with a header that has no value, as Kafka allows and kafka-python does not."""

    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
            await producer.send_and_wait(topic, b"bare", headers=[(name, None)])

    asyncio.run(write())


class _Unnamed(str):
    """A header name that is no UTF-8 once it is sent."""

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


def send_unreadable_name(
    broker: str, topic: str, *values: bytes, bad: int = 0, partition: int = 0
) -> None:
    """Write records as one batch; a header of one of them, by its number, has such a name."""
    with KafkaProducer(bootstrap_servers=[broker], acks="all", linger_ms=500) as producer:
        sent = [
            producer.send(
                topic,
                value,
                partition=partition,
                headers=[(_Unnamed("x"), b"1")] if number == bad else [],
            )
            for number, value in enumerate(values)
        ]
        for future in sent:
            future.get(timeout=ROOM_SECONDS)


def send_batch(
    broker: str, topic: str, *values: bytes, partition: int = 0, codec: str | None = None
) -> None:
    """Write records as one batch; codec: gzip, snappy, lz4 or zstd."""
    limits = dict.fromkeys(("max_batch_size", "max_request_size"), LARGEST_BATCH)

    async def write() -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=broker, compression_type=codec, **limits
        ) as producer:
            batch = producer.create_batch()
            for value in values:
                assert batch.append(key=None, value=value, timestamp=None) is not None
            await (await producer.send_batch(batch, topic, partition=partition))

    asyncio.run(write())


def spoil_last_batch(folder: Path, topic: str, partition: int) -> None:
    """Flip a bit in the last batch that a broker has on its disk; it gives it out as it is."""
    segment = _segment(folder, topic, partition)
    _flip(segment, segment.stat().st_size - 30)


def spoil_last_length(folder: Path, topic: str, partition: int) -> None:
    """Flip a bit of how long the last batch is, which no checksum covers."""
    _spoil_last_header(folder, topic, partition, 8)


def spoil_last_epoch(folder: Path, topic: str, partition: int) -> None:
    """Flip a bit of which leader has written the last batch, which no checksum covers."""
    _spoil_last_header(folder, topic, partition, 15)


def spoil_last_offset(folder: Path, topic: str, partition: int) -> None:
    """Flip a bit of where the last batch begins, which no checksum covers: 2**31 offsets off."""
    _spoil_last_header(folder, topic, partition, 4)


def _spoil_last_header(folder: Path, topic: str, partition: int, place: int) -> None:
    segment = _segment(folder, topic, partition)
    stored = segment.read_bytes()
    batch = behind = 0
    while behind < len(stored):
        batch, behind = behind, behind + 12 + int.from_bytes(stored[behind + 8 : behind + 12])
    _flip(segment, batch + place)


def _segment(folder: Path, topic: str, partition: int) -> Path:
    return max((folder / "kafka" / "topics" / f"{topic}-{partition}").glob("*.log"))


def _flip(segment: Path, place: int) -> None:
    with segment.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 0x80]))


def receive(broker: str, topic: str, count: int) -> list[bytes]:
    """Read so many records from the beginning of a topic. Raises: AssertionError if fewer come"""
    found: list[bytes] = []
    with KafkaConsumer(
        topic,
        bootstrap_servers=[broker],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=int(ROOM_SECONDS * 1_000),
    ) as consumer:
        for record in consumer:
            found.append(record.value)
            if len(found) == count:
                return found
    raise AssertionError(f"{len(found)} of {count} records came: {found[:3]}")
