"""What Kafka holds and its Python clients end over: batches that were spoiled on a disk, that are
compressed by what is missing here, and header names that are no UTF-8.

Neither client offers a way around one, so what reads a batch is replaced in both. Called by the
programs before they make a consumer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiokafka.consumer import fetcher as aiokafka
from aiokafka.structs import ConsumerRecord
from kafka.consumer.fetcher import Fetcher
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

from consumers.same_topic import NOBODY

CREATED: Final = 0  # Kafka's type of a timestamp that the sender has set
WHY: Final = "unreadable"  # header of the empty record, which says why it is empty

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of a record of kafka-python that cannot be read."""

    topic: str
    partition: int
    offset: int
    why: str
    timestamp: int | None = None
    key: None = None
    value: None = None
    headers: tuple[()] = ()


def let_kafka_python_read_on() -> None:
    """Let kafka-python give an Unreadable for each record of a batch that it cannot read, and read
    header names with U+FFFD where they are no UTF-8.
    """
    Fetcher.PartitionRecords = _Fetched
    memory_records.DefaultRecordBatch = _Batch


def let_aiokafka_read_on() -> None:
    """Let aiokafka, and so Faust, give an empty record in place of what it cannot read of a batch.

    With a header name that is no UTF-8, that is its record and what stands behind it.
    """
    aiokafka.PartitionRecords = _Partition


class _Batches:
    """The batches of one fetch, as both clients ask for them; finds what is whole behind one that
    is not.
    """

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self._whole: Any = None  # was looked at, and comes next
        self._ended = False

    def has_next(self) -> bool:
        return self._whole is not None or (not self._ended and self._batches.has_next())

    def next_batch(self) -> Any:
        if self._whole is None:
            return None if self._ended else self._batches.next_batch()
        batch, self._whole = self._whole, None
        return batch

    def go_on(self, offset: int) -> int:
        """Go behind the batch that cannot be read at an offset; give the offset to go on with.

        Only another batch tells where it ends: what it says itself may be spoiled. If this fetch
        has none, one offset is passed over, and the rest is fetched anew.
        """
        try:
            while (batch := self._batches.next_batch()) is not None:
                if batch.base_offset > offset and batch.validate_crc():
                    self._whole = batch
                    return int(batch.base_offset)
        except Exception as error:  # noqa: BLE001 - spoiled bytes may say anything
            log_.debug("fetch_unreadable", error=type(error).__name__)
        self._ended = True
        return offset + 1


class _Fetched(Fetcher.PartitionRecords):  # type: ignore[misc]  # kafka-python ships no types.
    next_fetch_offset: int

    def __init__(self, offset: int, partition: Any, batches: Any, **options: Any) -> None:
        super().__init__(offset, partition, _Batches(batches), **options)

    def _unpack_records(self, place: Any, batches: _Batches, *how: Any) -> Iterator[Any]:
        while True:
            try:
                yield from super()._unpack_records(place, batches, *how)
                return
            except MemoryError:
                raise  # No fault of the batch.
            except Exception as error:  # noqa: BLE001 - each codec has errors of its own
                offset = max(self.next_fetch_offset, self.fetch_offset)
                end = batches.go_on(offset)
                why = _tell(place, offset, error)
            for passed in range(offset, end):
                self.next_fetch_offset = passed + 1
                yield Unreadable(place.topic, place.partition, passed, why)


class _Partition(aiokafka.PartitionRecords):  # type: ignore[misc]  # aiokafka ships no types.
    next_fetch_offset: int

    def __init__(self, partition: Any, batches: Any, *rest: Any) -> None:
        super().__init__(partition, _Batches(batches), *rest)

    def _unpack_records(self) -> Iterator[Any]:
        place = self._tp
        while True:
            try:
                yield from super()._unpack_records()
                return
            except Exception as error:  # noqa: BLE001 - each codec has errors of its own
                offset = self.next_fetch_offset
                self.next_fetch_offset = self._records.go_on(offset)
                headers = ((WHY, _tell(place, offset, error).encode()),)
            where = (place.topic, place.partition, offset)
            yield ConsumerRecord(*where, 0, CREATED, None, None, None, -1, -1, headers)


def _tell(place: Any, offset: int, error: Exception) -> str:
    """Give the kind of an error: its text may hold what was sent."""
    why = type(error).__name__
    where = {"topic": place.topic, "partition": place.partition, "offset": offset}
    log_.warning("batch_unreadable", **where, error=why)
    return why


class _Batch(DefaultRecordBatch):  # type: ignore[misc]  # kafka-python ships no types.
    _buffer: bytearray

    @property
    def leader_epoch(self) -> int:
        """Of nobody: no checksum covers it, and brokers that hear of a wrong one have all of the
        partition read from its beginning again, without end.
        """
        return NOBODY

    def _read_msg(self, *arguments: Any) -> Any:
        try:
            return super()._read_msg(*arguments)
        except UnicodeDecodeError:  # It stands before the same record still.
            self._buffer = _AnyText(self._buffer)
            return super()._read_msg(*arguments)


class _AnyText(bytearray):
    """Bytes whose slices are never refused as a text."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _AnyText(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)
