"""Whichever byte of a stored batch is spoiled, both clients of Kafka come to its end and beyond."""

import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import ref

import pytest
from aiokafka.consumer import fetcher as aiokafka
from aiokafka.record._crecords import default_records as aiokafka_records
from aiokafka.record.memory_records import MemoryRecords as AioRecords
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.record import default_records, memory_records
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from consumers.reading_on import (
    WHY,
    let_aiokafka_read_on,
    let_kafka_python_read_on,
)
from consumers.unpacking import MAX_UNPACKED_BYTES

PLACE = TopicPartition("orderpath.commands", 0)
COUNT = 3  # records of a batch
PLACE_AND_LENGTH = 12  # bytes at a batch's start: without them none is found
EPOCH = 12  # Of the leader that has written the batch.
CHECKED = 17  # The checksum stands here, and covers what is behind it.
SMALLEST_SHIFT = 2  # bits: a batch that is moved by fewer offsets than it has covers its own place
MOST_FETCHES = 20
BYTES_AROUND = 13  # a large value of a single record
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
Reader = Callable[[int, bytes], Any]


def batch(first: int) -> bytes:
    """Give a stored batch of records that say their own offsets."""
    builder = MemoryRecordsBuilder(magic=2, compression_type=GZIP, batch_size=10_000)
    for offset in range(first, first + COUNT):
        builder.append(0, None, str(offset).encode() * 50)
    builder.close()
    stored = bytearray(builder.buffer())
    stored[:8] = first.to_bytes(8)
    return bytes(stored)


WHOLE = [batch(number * COUNT) for number in range(3)]
END = len(WHOLE) * COUNT


@pytest.fixture(autouse=True)
def clients() -> Iterator[None]:
    """Both as the programs make them, for these tests alone."""
    here = (
        (Fetcher, "PartitionRecords"),
        (memory_records, "DefaultRecordBatch"),
        (aiokafka, "PartitionRecords"),
        *(
            (reader, f"{codec}_decode")
            for reader in (default_records, aiokafka_records)
            for codec in ("gzip", "lz4", "zstd")
        ),
    )
    before = [getattr(*one) for one in here]
    let_kafka_python_read_on()
    let_aiokafka_read_on()
    yield
    for one, was in zip(here, before, strict=True):
        setattr(*one, was)


def read_by_kafka_python(offset: int, stored: bytes) -> Any:
    return Fetcher.PartitionRecords(offset, PLACE, MemoryRecords(stored))


def read_by_aiokafka(offset: int, stored: bytes) -> Any:
    how = (None, None, True, aiokafka.READ_UNCOMMITTED)
    return aiokafka.PartitionRecords(PLACE, AioRecords(stored), None, offset, *how)


def records_of(fetched: Any) -> Iterator[Any]:
    if not isinstance(fetched, Fetcher.PartitionRecords):
        yield from fetched
        return
    for _ in range(END + 1):
        if not fetched:  # As kafka-python asks; it would take from the same for ever.
            return
        yield from fetched.take(2)
    raise AssertionError("it is never drained")


def read_all(reader: Reader, stored: Sequence[bytes]) -> dict[int, bytes | None]:
    """Read as from a broker that gives whole batches; give each value by its offset."""
    found: dict[int, bytes | None] = {}
    offset = 0
    for _ in range(MOST_FETCHES):
        if offset >= END:
            return found
        fetched = reader(offset, b"".join(stored[offset // COUNT :]))
        for record in records_of(fetched):
            assert record.offset not in found
            found[record.offset] = record.value
        assert fetched.next_fetch_offset > offset
        offset = fetched.next_fetch_offset
    raise AssertionError(f"it comes to no end: {offset}")


@pytest.mark.parametrize("reader", [read_by_kafka_python, read_by_aiokafka])
@pytest.mark.parametrize("spoiled", range(len(WHOLE)))
def test_whichever_byte_is_spoiled_all_other_batches_are_read(reader: Reader, spoiled: int) -> None:
    good = [o for o in range(END) if o // COUNT != spoiled]
    for place in range(PLACE_AND_LENGTH, len(WHOLE[spoiled])):
        stored = [bytearray(one) for one in WHOLE]
        stored[spoiled][place] ^= 1
        found = read_all(reader, [bytes(one) for one in stored])

        assert {offset: found[offset] for offset in good} == {
            offset: str(offset).encode() * 50 for offset in good
        }
        assert (found[spoiled * COUNT] is None) == (place >= CHECKED)


def given(offset: int, stored: Sequence[bytes]) -> bytes:
    """Give what a broker gives, which looks only for where a batch says that it ends."""
    for number, one in enumerate(stored):
        if int.from_bytes(one[:8], signed=True) + COUNT > offset:
            return b"".join(stored[number:])
    return b""


@pytest.mark.parametrize("reader", [read_by_kafka_python, read_by_aiokafka])
@pytest.mark.parametrize("spoiled", range(len(WHOLE)))
def test_a_batch_that_begins_elsewhere_than_it_says_moves_no_other(
    reader: Reader, spoiled: int
) -> None:
    good = {o: str(o).encode() * 50 for o in range(END) if o // COUNT != spoiled}
    for bit in range(SMALLEST_SHIFT, 64):
        stored = [*WHOLE]
        first = int.from_bytes(stored[spoiled][:8]) ^ (1 << bit)
        stored[spoiled] = first.to_bytes(8) + stored[spoiled][8:]
        found: dict[int, bytes | None] = {}
        offset = 0
        while offset < END and (fetch := given(offset, stored)):
            fetched = reader(offset, fetch)
            for record in records_of(fetched):
                assert record.offset not in found
                found[record.offset] = record.value
            assert offset < fetched.next_fetch_offset <= END
            offset = fetched.next_fetch_offset

        assert {offset: value for offset, value in found.items() if value is not None} == good


def packed(codec: int, value: bytes) -> bytes:
    builder = MemoryRecordsBuilder(magic=2, compression_type=codec, batch_size=2 * len(value))
    builder.append(0, None, value)
    builder.close()
    return bytes(builder.buffer())


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
@pytest.mark.parametrize("over", [0, 1])
def test_a_batch_of_commands_is_unpacked_up_to_a_limit(codec: int, over: int) -> None:
    value = b" " * (MAX_UNPACKED_BYTES - BYTES_AROUND + over)
    (record,) = read_by_kafka_python(0, packed(codec, value)).take(2)

    assert record.value == (None if over else value)
    assert not over or record.why == "TooLarge"


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
@pytest.mark.parametrize("over", [0, 1])
def test_a_batch_of_the_log_is_unpacked_up_to_a_limit(codec: int, over: int) -> None:
    value = b" " * (MAX_UNPACKED_BYTES - BYTES_AROUND + over)
    (record,) = read_by_aiokafka(0, packed(codec, value))

    assert record.value == (None if over else value)
    assert record.headers == (((WHY, b"TooLarge"),) if over else ())


@pytest.mark.parametrize("reader", [read_by_kafka_python, read_by_aiokafka])
@pytest.mark.parametrize("codec", [0, GZIP, SNAPPY, LZ4, ZSTD])
def test_an_ordinary_batch_is_read_however_it_is_packed(reader: Reader, codec: int) -> None:
    value = b"a value of its own " * 9_000
    (record,) = records_of(reader(0, packed(codec, value)))

    assert record.value == value


@pytest.mark.parametrize("reader", [read_by_kafka_python, read_by_aiokafka])
def test_what_was_fetched_is_let_go_as_soon_as_it_is_read(reader: Reader) -> None:
    """Garbage is looked for seldom in the programs: nothing that is large may wait for it."""
    gc.disable()
    try:
        fetched = reader(0, b"".join(WHOLE))
        assert len([*records_of(fetched)]) == END
        here = ref(fetched)
        del fetched
        assert here() is None
    finally:
        gc.enable()


def test_brokers_are_told_no_epoch_of_a_batch_as_no_checksum_covers_it() -> None:
    for spoiled in range(EPOCH, EPOCH + 4):
        stored = bytearray(WHOLE[0])
        stored[spoiled] ^= 1
        fetched = read_by_kafka_python(0, bytes(stored))

        assert len(fetched.take(COUNT)) == COUNT
        assert fetched.leader_epoch == -1


def test_each_record_of_a_spoiled_batch_of_commands_is_told() -> None:
    for spoiled in range(len(WHOLE)):
        stored = [*WHOLE]
        stored[spoiled] = stored[spoiled][:-1] + bytes([stored[spoiled][-1] ^ 1])
        found = read_all(read_by_kafka_python, stored)

        told = [offset for offset, value in found.items() if value is None]
        assert told == list(range(spoiled * COUNT, (spoiled + 1) * COUNT))
