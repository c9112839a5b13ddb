"""The shard of an entity is fixed for ever: checkpoints and partitions rest on it."""

from collections import Counter
from uuid import UUID

import pytest

from domain.messages import SHARDS
from infra.shards import shard_of

GOLDEN = {
    "order-00000000-0000-0000-0000-000000000000": 9,
    "order-00000000-0000-0000-0000-000000000011": 14,
    "order-6f1f5e5c-9f5c-5d0e-8a35-0d8d7e3a9b42": 8,
    "path-universal": 1,
    "path-olist": 5,
    "stock-main:TEA-100": 1,
    "customer-Анна": 10,
}


@pytest.mark.parametrize(("stream_id", "shard"), GOLDEN.items())
def test_the_shard_of_a_stream_never_changes(stream_id: str, shard: int) -> None:
    assert shard_of(stream_id) == shard


def test_there_are_sixteen_for_ever() -> None:
    assert SHARDS == 16


def test_streams_of_one_entity_share_a_shard() -> None:
    for number in range(100):
        assert shard_of(f"order-{number}") == shard_of(f"attempt-{number}")


def test_orders_are_spread_evenly() -> None:
    counts = Counter(shard_of(f"order-{UUID(int=n * 2**64 + n)}") for n in range(16_000))

    assert len(counts) == 16
    assert min(counts.values()) > 800
    assert max(counts.values()) < 1_200
