"""The bytes of leaves: columns of a row, each with its length before it. docs/adr/0005, 0022."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import Final
from uuid import UUID

Column = int | str | bytes | UUID | datetime | None

EVENT_COLUMNS: Final = (
    "position", "stream_id", "version", "shard", "type", "payload", "fact_id", "subject_id",
    "key_id", "command_id", "correlation_id", "causation_id", "actor_kind", "actor_id",
    "on_behalf_of", "reason", "source", "occurred_at", "recorded_at",
)  # fmt: skip
COMMAND_COLUMNS: Final = (
    "number", "command_id", "name", "body_hash", "outcome", "first_position", "last_position",
    "versions", "unmet", "recorded_at",
)  # fmt: skip
_MISSING: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def leaf_bytes(columns: Sequence[Column]) -> bytes:
    """Give the bytes of a row's leaf; its columns in the order of EVENT_COLUMNS or COMMAND_COLUMNS.

    Raises: struct.error for a number that is no 64-bit one
    """
    return b"".join(map(_column, columns))


def _column(value: Column) -> bytes:
    match value:
        case None:
            return _MISSING
        case int():
            told = pack(">q", value)
        case str():
            told = value.encode()
        case UUID():
            told = value.bytes
        case datetime():
            told = pack(">q", (value - _EPOCH) // _MICROSECOND)
        case bytes():
            told = value
    return pack(">I", len(told)) + told
