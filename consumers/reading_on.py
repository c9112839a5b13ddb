"""What Kafka holds and its Python clients end over: batches that were spoiled on a disk, that are
compressed by what is missing here or unpack to too much, and header names that are no UTF-8.

Neither client offers a way around one, so what reads a batch is replaced in both. Called by the
programs before they make a consumer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakMethod

import structlog
from aiokafka.consumer import fetcher as aiokafka
from aiokafka.record.default_records import DefaultRecordBatch as AioBatch
from aiokafka.structs import ConsumerRecord
from kafka.consumer.fetcher import Fetcher
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

from consumers.same_topic import NOBODY
from consumers.unpacking import unpack_within_limit

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
    unpack_within_limit(DefaultRecordBatch)


def let_aiokafka_read_on() -> None:
    """Let aiokafka, and so Faust, give an empty record in place of what it cannot read of a batch.

    With a header name that is no UTF-8, that is its record and what stands behind it.
    """
    aiokafka.PartitionRecords = _Partition
    unpack_within_limit(AioBatch)


class Misplaced(Exception):
    """A batch says that it begins where it cannot."""


class _Batches:
    """The batches of one fetch, as both clients ask for them; finds what is whole behind one that
    is not.

    No checksum covers the offset that a batch begins with. But Kafka leaves none out in a topic
    that is not compacted: a batch begins where the one before it ends.
    """

    def __init__(self, batches: Any, reached: Callable[[], int]) -> None:
        self._batches = batches
        # The offset that comes next. Whoever reads holds us: were they held here as well, all that
        # was fetched would stay until garbage is looked for.
        self._reached = WeakMethod(reached)
        self._given: Any = None  # the last one
        self._sure: Any = None  # was looked at, and comes next
        self._ahead: list[Any] = []  # behind that
        self._ended = False

    def has_next(self) -> bool:
        ahead = self._sure is not None or bool(self._ahead)
        return ahead or (not self._ended and self._batches.has_next())

    def next_batch(self) -> Any:
        if self._sure is not None:
            self._given, self._sure = self._sure, None
            return self._given
        first, batch = self._given is None, self._next()
        if batch is not None:
            self._given = batch
            reached = self._reached()
            assert reached is not None, "who reads is there"
            if not _fits(batch, reached(), first=first):
                raise Misplaced
        return batch

    def go_on(self, offset: int) -> int:
        """Go behind the batch that cannot be read at an offset; give the offset to go on with.

        Only another batch tells where it ends: what it says itself may be spoiled. And that one is
        believed if it begins here, or meets one beside it. If this fetch has none, one offset is
        passed over, and the rest is fetched anew.
        """
        found = [self._given, *self._rest()]
        for number, batch in enumerate(found):
            # The first is the one that cannot be read at this offset, but may be right behind it.
            fits = number > 0 and _fits(batch, offset, first=False)
            meets = any(_meet(found[at : at + 2]) for at in (number - 1, number) if at >= 0)
            if (fits or meets) and _is_whole(batch, offset + (number == 0)):
                self._sure, self._ahead = batch, found[number + 1 :]
                return int(batch.base_offset)
        self._ended = True
        return offset + 1

    def _next(self) -> Any:
        if self._ahead:
            return self._ahead.pop(0)
        return None if self._ended else self._batches.next_batch()

    def _rest(self) -> Iterator[Any]:
        try:
            while (batch := self._next()) is not None:
                yield batch
        except MemoryError:
            raise  # No fault of the batch.
        except Exception as error:  # noqa: BLE001 - spoiled bytes may say anything; see _tell
            log_.debug("fetch_unreadable", error=type(error).__name__)


def _fits(batch: Any, reached: int, *, first: bool) -> bool:
    """Whether it begins where the one before it ends; the first may begin before what was asked."""
    begin, end = _bounds(batch)
    return begin == reached or begin is None or (first and begin < reached < end)


def _is_whole(batch: Any, earliest: int) -> bool:
    begin, _ = _bounds(batch)
    return begin is not None and begin >= earliest and batch.validate_crc()


def _meet(pair: Sequence[Any]) -> bool:
    if len(pair) < 2:
        return False
    (_, end), (begin, _) = map(_bounds, pair)
    return end is not None and end == begin


def _bounds(batch: Any) -> tuple[Any, Any]:
    """Give the offset that it begins with and the one behind it; None, None in a format of before
    Kafka 0.11, or of no batch.
    """
    begin, end = getattr(batch, "base_offset", None), getattr(batch, "next_offset", None)
    return (begin, end) if begin is not None and end is not None else (None, None)


class _Fetched(Fetcher.PartitionRecords):  # type: ignore[misc]  # kafka-python ships no types.
    next_fetch_offset: int

    def __init__(self, offset: int, partition: Any, batches: Any, **options: Any) -> None:
        super().__init__(offset, partition, _Batches(batches, self._reached), **options)

    def _reached(self) -> int:
        return max(self.next_fetch_offset, int(self.fetch_offset))

    def _unpack_records(self, place: Any, batches: _Batches, *how: Any) -> Iterator[Any]:
        while True:
            try:
                yield from super()._unpack_records(place, batches, *how)
                return
            except MemoryError:
                raise  # No fault of the batch.
            except Exception as error:  # noqa: BLE001 - each codec has errors of its own
                offset = self._reached()
                end = batches.go_on(offset)
                why = _tell(place, offset, error)
            for passed in range(offset, end):
                self.next_fetch_offset = passed + 1
                yield Unreadable(place.topic, place.partition, passed, why)


class _Partition(aiokafka.PartitionRecords):  # type: ignore[misc]  # aiokafka ships no types.
    next_fetch_offset: int

    def __init__(self, partition: Any, batches: Any, *rest: Any) -> None:
        super().__init__(partition, _Batches(batches, self._reached), *rest)

    def _reached(self) -> int:
        return self.next_fetch_offset

    def _unpack_records(self) -> Iterator[Any]:
        place = self._tp
        while True:
            try:
                yield from super()._unpack_records()
                return
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - each codec has errors of its own
                offset = self.next_fetch_offset
                self.next_fetch_offset = self._records.go_on(offset)
                headers = ((WHY, _tell(place, offset, error).encode()),)
            if self.next_fetch_offset == offset:  # Nothing stands there but what comes next.
                continue
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
