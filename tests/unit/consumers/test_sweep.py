"""The sweep reads on from the log where a shard stands still behind the relay, and nowhere else."""

from dataclasses import replace
from uuid import UUID

from consumers.sweep import Sweep
from domain.reading import Head
from projections.checkpoints import Pending
from services.deliveries import Delivery

PUBLISHED = Head(UUID(int=7), 2, 100)
MINE = frozenset({3, 4})
STILL = Pending("orders", 1, 11, shard=3, position=40, next_position=41, replaced=False)


def test_a_shard_that_did_not_move_between_two_looks_is_read_up_to_the_relay() -> None:
    sweep = Sweep()

    assert sweep.look([STILL], PUBLISHED, MINE) == []
    assert sweep.look([STILL], PUBLISHED, MINE) == [Delivery(UUID(int=7), 2, 3, 100, 100, [])]


def test_a_shard_that_moves_is_left_to_its_records() -> None:
    sweep = Sweep()
    sweep.look([STILL], PUBLISHED, MINE)

    assert sweep.look([replace(STILL, position=60, next_position=61)], PUBLISHED, MINE) == []


def test_a_shard_with_nothing_published_above_it_is_left_alone() -> None:
    sweep = Sweep()
    for place in (replace(STILL, next_position=101), replace(STILL, next_position=None)):
        sweep.look([place], PUBLISHED, MINE)
        assert sweep.look([place], PUBLISHED, MINE) == []


def test_shards_of_other_workers_are_theirs() -> None:
    sweep = Sweep()
    sweep.look([STILL], PUBLISHED, frozenset({5}))

    assert sweep.look([STILL], PUBLISHED, frozenset({5})) == []


def test_before_the_relay_has_begun_nothing_is_read() -> None:
    sweep = Sweep()
    sweep.look([STILL], None, MINE)

    assert sweep.look([STILL], None, MINE) == []


def test_a_shard_is_read_once_for_all_builds_that_stand_still() -> None:
    sweep = Sweep()
    builds = [STILL, replace(STILL, build=12, position=10, next_position=20)]
    sweep.look(builds, PUBLISHED, MINE)

    assert len(sweep.look(builds, PUBLISHED, MINE)) == 1
