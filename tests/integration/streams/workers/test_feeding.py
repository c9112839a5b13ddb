"""Workers do their work together: they come and go, are killed and frozen, and nothing is lost."""

from random import Random

from tests.integration.projections.world import World, a_day
from tests.integration.streams.workers.following import (
    ALL,
    Start,
    assert_equal,
    await_head,
    reached,
)
from tests.support.faults import Fault
from tests.support.log_feed import LogFeed
from tests.support.waiting import wait_for

HALF = "worker ready, 8 of 16 shards"


def test_a_worker_fills_the_tables_from_kafka_and_ends_within_5_s(
    world: World, feed: LogFeed, start: Start
) -> None:
    worker = start()
    worker.await_line(ALL)
    a_day(world)
    feed.publish()

    await_head(world)
    assert worker.end() < 5
    worker.await_line("worker ended")
    assert_equal(world)
    assert len(world.tables()["orders.orders"]) == 8


def test_a_worker_that_is_killed_at_any_moment_goes_on_where_the_tables_are(
    world: World, feed: LogFeed, start: Start, rounds: int, fault: Fault
) -> None:
    moments = Random(5)
    for _ in range(rounds):
        worker = start()
        worker.await_line(ALL)
        a_day(world, 12)
        applied, new = reached(world), world.log.head().position - feed.position
        feed.publish(events_a_record=2)
        moment = applied + moments.randrange(new)
        wait_for(lambda moment=moment: reached(world) >= moment, "nothing was applied")  # type: ignore[misc]
        worker.kill()
        fault("worker killed")

    start()
    await_head(world)
    assert_equal(world)


def test_a_second_worker_takes_half_of_the_shards_and_gives_them_back(
    world: World, feed: LogFeed, start: Start
) -> None:
    first = start()
    first.await_line(ALL)
    second = start()
    second.await_line(HALF)
    first.await_line(HALF)
    a_day(world, 12)
    feed.publish(events_a_record=2)
    await_head(world)

    assert second.end() < 5
    a_day(world, 12)
    feed.publish(events_a_record=2)
    first.await_line(ALL, times=2)
    await_head(world)
    assert_equal(world)


def test_a_worker_that_was_frozen_past_its_session_does_no_harm_when_it_wakes(
    world: World, feed: LogFeed, start: Start, fault: Fault
) -> None:
    frozen = start()
    frozen.await_line(ALL)
    a_day(world, 12)
    feed.publish(events_a_record=2)
    frozen.freeze()
    fault("worker frozen")
    other = start()
    other.await_line(ALL)  # Its session is over: all shards are the other's.
    await_head(world)
    a_day(world)
    frozen.wake()
    feed.publish(events_a_record=2)

    frozen.await_line(HALF)
    await_head(world)
    assert_equal(world)
