"""What lies under the workers fails and comes back; and they always end when they are told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from domain.streaming import PREFIX
from infra.embedded import start_embedded, stop_embedded
from infra.local_broker import stop_local_broker
from infra.migrate import migrate
from infra.postgres import connect
from projections.catalog import BY_NAME
from tests.integration.projections.world import World, a_day, open_world
from tests.integration.streams.workers.following import ALL, Start, assert_equal, await_head
from tests.support.broker import start_test_broker
from tests.support.faults import Fault
from tests.support.log_feed import LogFeed, open_feed
from tests.support.programs import workers
from tests.support.topics import make_topics
from tests.support.waiting import wait_for

HALF = "worker ready, 8 of 16 shards"
LOCKED = (
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


@contextmanager
def blocked(world: World) -> Iterator[None]:
    """Hold every checkpoint for as long as the block lasts."""
    with connect(world.url) as owner, owner.transaction():
        owner.execute("select from projection.checkpoints for update")
        yield


def is_stuck(world: World) -> bool:
    with connect(world.url) as owner:
        return bool(owner.execute(LOCKED).fetchall())


def test_a_worker_ends_within_5_s_while_the_database_blocks_it(
    world: World, feed: LogFeed, start: Start
) -> None:
    worker = start()
    worker.await_line(ALL)
    a_day(world)
    with blocked(world):
        feed.publish()
        wait_for(lambda: is_stuck(world), "nobody waits")
        assert worker.end() < 5
        worker.await_line("worker ended")

    start()
    await_head(world)
    assert_equal(world)


def test_workers_share_anew_while_the_database_blocks_one(
    world: World, feed: LogFeed, start: Start
) -> None:
    worker = start()
    worker.await_line(ALL)
    a_day(world, 12)
    with blocked(world):
        feed.publish(events_a_record=1)
        wait_for(lambda: is_stuck(world), "nobody waits")
        start().await_line(HALF)
        worker.await_line(HALF)

    await_head(world)
    assert_equal(world)


def test_a_worker_waits_for_a_database_that_is_away(
    broker: str, topics: str, tmp_path: Path, fault: Fault
) -> None:
    folder = tmp_path / "data"
    url = start_embedded(folder)
    migrate(url)
    environment = {
        "ORDERPATH_DATA_DIR": str(folder),
        "ORDERPATH_KAFKA": broker,
        "ORDERPATH_KAFKA_PREFIX": topics,
    }
    try:
        with (
            workers(environment) as start,
            open_world(url) as world,
            open_feed(url, broker, topics) as feed,
        ):
            world.models.drive("workers")
            worker = start()
            worker.await_line(ALL)
            a_day(world)
            records = feed.records(events_a_record=2)
            stop_embedded(folder)
            fault("PostgreSQL away")
            feed.send(records)
            worker.await_line("worker waits: PostgreSQL does not answer")

            start_embedded(folder)
            feed.say_published()
            worker.await_line(ALL, times=2)
            await_head(world)
            assert_equal(world)
            assert worker.end() < 5
    finally:
        stop_embedded(folder)


@pytest.mark.only_chaos
def test_a_worker_goes_on_when_the_broker_comes_back(
    world: World, environment: dict[str, str], tmp_path: Path, fault: Fault
) -> None:
    own = start_test_broker(tmp_path)
    make_topics(own)
    environment |= {"ORDERPATH_KAFKA": own, "ORDERPATH_KAFKA_PREFIX": PREFIX}
    try:
        with workers(environment) as start:
            worker = start()
            worker.await_line(ALL)
            with open_feed(world.url, own) as feed:
                a_day(world)
                feed.publish()
                await_head(world)
            stop_local_broker(tmp_path)
            fault("broker away")
            worker.await_line("Kafka is away: ")
            assert "aiokafka" not in worker.said()
            a_day(world)
            start_test_broker(tmp_path)
            with open_feed(world.url, own) as feed:
                # The relay's position stays: no sweep helps.
                feed.send(feed.records(events_a_record=2))
                await_head(world)
    finally:
        stop_local_broker(tmp_path)
    assert_equal(world)


def spoil(world: World, order_id: UUID, payload: bytes) -> bytes:
    """Put other bytes into the log in place of an order's first event; give what was there."""
    stream = f"order-{order_id}"
    find = "select payload from log.events where stream_id = %s and version = 1"
    change = "update log.events set payload = %s where stream_id = %s and version = 1"
    with connect(world.url) as owner:
        owner.execute("alter table log.events disable trigger user")
        row = owner.execute(find, [stream]).fetchone()
        owner.execute(change, [payload, stream])
        owner.execute("alter table log.events enable trigger user")
    assert row is not None
    return bytes(row[0])


def test_a_poisoned_order_is_parked_with_what_follows_and_a_retry_heals_it(
    world: World, feed: LogFeed, start: Start, fault: Fault
) -> None:
    placed = a_day(world)
    whole = spoil(world, placed[2], b'{"path": 7}')
    fault("poison event")
    start().await_line(ALL)
    feed.publish(events_a_record=2)
    await_head(world)
    world.move(placed[2], "cancelled")
    feed.publish()
    await_head(world)

    parked = world.models.list_parked()
    assert {one.projection for one in parked} == set(BY_NAME)
    assert {one.stream_id for one in parked} == {f"order-{placed[2]}"}
    assert len(world.tables()["orders.orders"]) == len(placed) - 1
    spoil(world, placed[2], whole)
    assert world.models.retry() == (len(BY_NAME), 0)
    assert_equal(world)


def test_an_event_of_a_newer_version_waits_for_a_program_that_knows_it(
    world: World, feed: LogFeed, start: Start, fault: Fault
) -> None:
    worker = start()
    worker.await_line(ALL)
    a_day(world, 2)
    rename_type(world, "order.placed.v1", "order.placed.v99")
    fault("event of a newer version")
    feed.publish()

    worker.await_line("worker waits")
    assert worker.end() < 5
    assert world.models.list_parked() == []
    assert world.tables()["orders.orders"] == []
    rename_type(world, "order.placed.v99", "order.placed.v1")  # As if another program had come.
    start()
    await_head(world)
    assert_equal(world)


def rename_type(world: World, old: str, new: str) -> None:
    with connect(world.url) as owner:
        owner.execute("alter table log.events disable trigger user")
        owner.execute("update log.events set type = %s where type = %s", [new, old])
        owner.execute("alter table log.events enable trigger user")


@pytest.mark.parametrize("name", ["one", "worker-1"])
def test_two_workers_of_one_name_are_never_there_at_once(
    start: Start, topics: str, name: str
) -> None:
    assert topics
    first = start("--id", name)
    first.await_line("worker")
    second = start("--id", name)

    assert second.process.wait(60) == 2
    assert f"a worker named {name} runs already" in second.said()
    assert first.end() < 5
