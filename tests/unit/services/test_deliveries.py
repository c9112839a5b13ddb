"""Deliveries that are cut in parts hold what they held, in log order, and without a gap."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.reading import Undecodable
from services.deliveries import BEFORE_GROWING, Delivery, Parts

LOG = UUID(int=7)
shards = st.lists(st.integers(0, 3), min_size=1, max_size=40)


def delivered(shard_of_each: list[int], empty: int) -> list[Delivery]:
    """Deliver one event a position, in one delivery for each shard; and one that has none."""
    found: list[Delivery] = []
    for shard in set(shard_of_each):
        at = [number for number, one in enumerate(shard_of_each, 1) if one == shard]
        events = [Undecodable(one, f"order-{one}", 1, shard, "x", "y") for one in at]
        found.append(Delivery(LOG, 1, shard, 0, at[-1] + 100, events))
    return [*found, Delivery(LOG, 1, 4, 0, empty, [])]


def parts_of(deliveries: list[Delivery], most: int) -> list[list[Delivery]]:
    """Cut deliveries in parts of so many events at most."""
    parts = Parts()
    while sum(len(one.events) for one in parts.cut(deliveries)[0]) > most:
        parts.shrink(parts.cut(deliveries)[0])
    found, rest = [], deliveries
    while rest:
        first, behind = parts.cut(rest)
        found.append([*first])
        rest = [*behind]
    return found


@given(shard_of_each=shards, empty=st.integers(0, 60), most=st.integers(1, 40))
def test_parts_hold_every_event_once_in_order_and_each_shard_without_a_gap(
    shard_of_each: list[int], empty: int, most: int
) -> None:
    whole = delivered(shard_of_each, empty)

    parts = parts_of(whole, most)

    positions = [sorted(e.position for one in part for e in one.events) for part in parts]
    assert [one for part in positions for one in part] == [*range(1, len(shard_of_each) + 1)]
    assert max(map(len, positions)) <= most
    for one in whole:
        own = [piece for part in parts for piece in part if piece.shard == one.shard]
        assert own[0].prev == one.prev
        assert own[-1].last == one.last
        assert [piece.last for piece in own[:-1]] == [piece.prev for piece in own[1:]]


def test_a_part_is_halved_down_to_one_event_and_grows_again_to_the_whole() -> None:
    whole, parts = delivered([0] * 16, 0), Parts()
    sizes = []
    while parts.shrink(first := parts.cut(whole)[0]):
        sizes.append(sum(len(one.events) for one in first))
    assert sizes == [16, 8, 4, 2]

    for _ in range(4 * BEFORE_GROWING):
        assert parts.cut(whole)[1]
        parts.grow()
    assert not parts.cut(whole)[1]
