"""Header names that are no UTF-8: Kafka takes them, and its Python clients end over them.

Neither client offers a way around one, so what reads a batch is replaced in both. Called by the
programs before they make a consumer.
"""

from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

CREATED: Final = 0  # Kafka's type of a timestamp that the sender has set


def take_any_header_name() -> None:
    """Let kafka-python read such names, with U+FFFD where they are no UTF-8."""
    memory_records.DefaultRecordBatch = _Batch


def pass_over_header_names() -> None:
    """Let aiokafka, and so Faust, give an empty record in place of each that it cannot read.

    That is the one with the name, and what stands behind it in its batch.
    """
    fetcher.PartitionRecords = _Partition


class _Batch(DefaultRecordBatch):  # type: ignore[misc]  # kafka-python ships no types.
    _buffer: bytearray

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


class _Partition(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka ships no types.
    def __next__(self) -> Any:
        try:
            return super().__next__()
        except UnicodeDecodeError:
            offset = self.next_fetch_offset
            self.next_fetch_offset += 1
            self._records_iterator = self._unpack_records()  # the batches behind it
            place = (self._tp.topic, self._tp.partition, offset)
            return ConsumerRecord(*place, 0, CREATED, None, None, None, -1, -1, ())
