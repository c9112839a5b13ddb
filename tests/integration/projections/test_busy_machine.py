"""On a machine that is busy with something else a batch is lost for standing still: smaller parts
of it are not.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event as Signal
from typing import Any

import pytest

from domain.messages import Recorded
from domain.refusals import InfraError
from infra.awake import Awake
from projections.catalog import BY_NAME
from projections.sessions import SessionLost
from services.follower import Follower
from tests.integration.projections.world import Stubborn, World, a_day
from tests.support.waiting import wait_for

THERE = "select count(*) from pg_stat_activity where pid = %s"


class Slow(Stubborn):
    """A read model whose session ends over more than so many events."""

    def __init__(
        self, most: int, lose: Callable[[Any], None] = lambda tx: tx.connection.close()
    ) -> None:
        super().__init__(BY_NAME["orders"])
        self.most = most
        self.lose = lose
        self.taken: list[int] = []  # events of each batch that it was given

    def apply(self, batch: Sequence[Recorded], tx: Any) -> None:
        self.taken.append(len(batch))
        if len(batch) > self.most:
            self.lose(tx)
        super().apply(batch, tx)


def follower(world: World, slow: Slow) -> Follower:
    return Follower(world.projector(projections={**BY_NAME, "orders": slow}), world.log)


@pytest.mark.parametrize("most", [1, 3])
def test_what_is_lost_for_standing_still_is_taken_in_smaller_parts(world: World, most: int) -> None:
    a_day(world)
    slow = Slow(most)

    follower(world, slow).catch_up()

    assert world.follower().waiting() == 0
    assert world.query("select count(*) from live.orders") == [(8,)]
    assert all(one.differing == () for one in map(world.models.verify, ("orders", "items")))
    lost = [events for events in slow.taken if events > most]
    assert len(lost) < len(slow.taken) / 2


def test_a_batch_in_which_the_server_ends_the_session_gets_through_in_parts(world: World) -> None:
    def stand_still(tx: Any) -> None:
        """Say nothing for as long as the server bears it, which is shorter than we keep still."""
        tx.execute("set local idle_in_transaction_session_timeout = '100ms'")
        pid = tx.connection.info.backend_pid
        wait_for(lambda: world.query(THERE, pid) == [(0,)], "the session goes on")

    for _ in range(4):
        world.place()

    follower(world, Slow(2, stand_still)).catch_up()

    assert world.query("select count(*) from live.orders") == [(4,)]


def test_a_session_in_which_we_compute_for_long_is_kept_awake(world: World) -> None:
    def compute(tx: Any) -> None:
        Signal().wait(2.5)  # longer than the server lets a transaction idle

    for _ in range(4):
        world.place()
    slow = Slow(2, compute)

    follower(world, slow).catch_up()

    assert len(slow.taken) == 1
    assert world.query("select count(*) from live.orders") == [(4,)]


def test_a_session_is_kept_awake_for_so_long_only(world: World) -> None:
    awake = Awake(every_seconds=0.05, most_times=6)

    def hang() -> None:
        with world.lend() as connection, awake.keeping(connection), connection.transaction():
            connection.execute("set local idle_in_transaction_session_timeout = '500ms'")
            pid = connection.info.backend_pid
            wait_for(lambda: world.query(THERE, pid) == [(0,)], "it is kept for ever")
            connection.execute("select")

    with pytest.raises(InfraError):
        hang()


def test_who_comes_back_after_a_loss_takes_less_though_something_else_waited(world: World) -> None:
    """As a worker does, for which records wait: it takes those first, then the same again."""
    for _ in range(4):
        world.place()
    slow = Slow(1)
    projector = world.projector(projections={**BY_NAME, "orders": slow})
    deliveries = world.deliveries(0, world.log.head().position)
    for _ in range(20):
        with suppress(SessionLost):
            projector.apply(deliveries, ends=lambda: True)

    assert world.query("select count(*) from live.orders") == [(4,)]


def test_what_is_lost_as_a_single_event_is_told(world: World) -> None:
    world.place()

    with pytest.raises(SessionLost):
        follower(world, Slow(0)).catch_up()


def test_once_the_machine_is_free_again_all_is_taken_at_once(world: World) -> None:
    a_day(world)
    slow = Slow(3)
    follow = follower(world, slow)
    follow.catch_up()
    slow.most = 1_000
    for _ in range(60):
        world.place()
        follow.catch_up()
    slow.taken.clear()

    placed = [world.place() for _ in range(50)]
    follow.catch_up()

    assert slow.taken == [len(placed)]
