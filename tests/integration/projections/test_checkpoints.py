"""Every event is applied once, whoever delivers it, how often, and in what pieces."""

from os import dup
from socket import SHUT_RDWR, socket
from threading import Event as Signal
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from domain.refusals import InfraError
from infra.postgres import Session
from projections.catalog import BY_NAME
from projections.checkpoints import lock_checkpoints
from projections.interface import Projection
from projections.sessions import transaction
from services.deliveries import Delivery
from services.follower import Follower
from services.projector import Projector
from tests.integration.projections.world import World, a_day


def test_any_slice_delivered_twice_changes_no_row(world: World) -> None:
    a_day(world)
    world.catch_up()
    before = world.tables()
    projector = world.projector()
    end = world.log.head().position

    for first in range(0, end, 5):
        assert projector.apply(world.deliveries(first, first + 7)) == 0

    assert world.tables() == before


def test_a_gap_is_healed_from_the_log(world: World) -> None:
    a_day(world)
    end = world.log.head().position

    world.projector().apply(world.deliveries(end - 3, end))  # All before it was lost.
    delivered = world.tables()

    world.catch_up()
    assert world.tables()["orders.orders"] != []
    shards = {delivery.shard for delivery in world.deliveries(end - 3, end)}
    whole = {event.position for event in world.events() if event.shard in shards}
    stored = {row["position"] for row in delivered["activity.activity"]}
    assert stored == {p for p in whole if p > 2}  # 1 and 2 are the path, no order's events.


def test_of_a_partial_overlap_only_the_new_part_is_applied(world: World) -> None:
    a_day(world)
    end = world.log.head().position
    projector = world.projector()
    projector.apply(world.deliveries(0, 12))

    projector.apply(world.deliveries(4, end))

    overlapped = world.tables()
    world.catch_up()
    assert world.tables() == overlapped
    assert len(overlapped["activity.activity"]) == world.order_events()


def test_several_deliveries_of_one_shard_are_applied_in_their_order(world: World) -> None:
    order_id = world.place()
    world.move(order_id, "confirmed", "packed", "done")
    pieces = [piece for n in range(6) for piece in world.deliveries(n, n + 1)]
    by_shard: dict[int, int] = {}
    chained = []
    for piece in pieces:
        prev = by_shard.get(piece.shard, 0)
        by_shard[piece.shard] = piece.last
        chained.append(
            Delivery(piece.log_id, piece.epoch, piece.shard, prev, piece.last, piece.events)
        )

    world.projector().apply(chained[::-1])

    assert [row["status"] for row in world.tables()["status_visits.visits"]].count("done") == 1
    assert world.catch_up() == 0


def test_two_followers_at_once_do_no_harm(world: World) -> None:
    placed = a_day(world, 4)
    stop = Signal()
    threads = []
    for _ in range(2):
        follower = world.follower(batch_events=3)
        threads.append(Thread(target=follower.run, args=(stop,)))
    for thread in threads:
        thread.start()
    more = a_day(world, 6)
    world.catch_up()
    stop.set()
    for thread in threads:
        thread.join(10)

    followed = world.tables()
    assert len(followed["orders.orders"]) == len(placed) + len(more)
    assert world.catch_up() == 0
    assert len(followed["activity.activity"]) == world.order_events()


def test_a_follower_that_starts_late_begins_where_the_checkpoints_are(world: World) -> None:
    a_day(world)
    assert world.catch_up() == world.log.head().position
    assert world.catch_up() == 0

    world.place()

    assert world.catch_up() == 1


def test_a_delivery_of_another_log_stops_with_instructions(world: World) -> None:
    world.place()
    (delivery, *_) = world.deliveries(0, 2)
    foreign = Delivery(uuid4(), delivery.epoch, delivery.shard, 0, delivery.last, delivery.events)

    with pytest.raises(InfraError, match="rebuild") as raised:
        world.projector().apply([foreign])

    assert raised.value.code == "log_replaced"
    assert world.tables()["orders.orders"] == []


def test_the_follower_leaves_alone_what_workers_drive(world: World) -> None:
    with transaction(world.lend) as tx:
        tx.execute(
            "update projection.builds set driver = 'workers'"
            " where projection in ('orders', 'activity')"
        )
    world.place()

    world.catch_up()
    tables = world.tables()
    assert tables["orders.orders"] == tables["activity.activity"] == []
    assert len(tables["status_visits.visits"]) == 1

    world.projector(driver="workers").apply(world.deliveries(0, world.log.head().position))
    assert len(world.tables()["orders.orders"]) == 1


def test_a_follower_ends_at_the_position_it_was_asked_for_and_tells_its_progress(
    world: World,
) -> None:
    a_day(world)
    told: list[tuple[int, int]] = []

    world.follower(batch_events=4).catch_up(
        until=9, progress=lambda done, total: told.append((done, total))
    )

    assert told[-1] == (9, 9)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_frozen_process_loses_its_locks_and_the_others_go_on(world: World) -> None:
    world.place()
    frozen = Session(world.url, role="orderpath_projector")

    def freeze() -> None:
        with transaction(frozen.connection, idle="100ms") as tx:
            lock_checkpoints(tx, range(16))
            world.catch_up()  # Waits for the frozen one's locks, until it has none.
            tx.execute("select 1")

    with pytest.raises(InfraError):
        freeze()

    assert len(world.tables()["orders.orders"]) == 1
    frozen.close()


@pytest.mark.parametrize("how", ["it stood still", "the line was cut"])
def test_who_brings_the_tables_up_to_date_goes_on_after_its_session_ended(
    world: World, how: str
) -> None:
    a_day(world)
    laptop = Laptop(BY_NAME["orders"], how)

    follower = Follower(Projector(world.lend, world.log, projections={"orders": laptop}), world.log)
    follower.catch_up()

    assert laptop.closed == 1
    assert world.models.verify("orders").differing == ()


class Laptop:
    """A projection on a machine that is closed once, in the midst of a batch."""

    def __init__(self, projection: Projection, how: str) -> None:
        self._projection = projection
        self._how = how
        self.closed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._projection, name)

    def apply(self, batch: Any, tx: Any) -> None:
        self._projection.apply(batch, tx)
        if not self.closed:
            self.closed += 1
            if self._how == "it stood still":
                tx.execute("set local idle_in_transaction_session_timeout = '100ms'")
                Signal().wait(0.4)  # As one that freezes, which nobody keeps awake.
            else:
                with socket(fileno=dup(tx.connection.fileno())) as line:
                    line.shutdown(SHUT_RDWR)
