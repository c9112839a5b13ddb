"""Which of the 16 shards an entity belongs to: fixed for ever, `order-X` and `attempt-X` alike."""

from zlib import crc32

from domain.messages import SHARDS, entity_of


def shard_of(stream_id: str) -> int:
    """Give the shard of a stream, 0..15: CRC-32 of its entity's id, modulo 16."""
    return crc32(entity_of(stream_id).encode()) % SHARDS
