"""What a worker needs to start: the topic, and projections that are its to drive."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from domain.streaming import DEADLETTERS, LOG, Topic, named
from infra.event_log import open_log
from infra.postgres import Session
from services.follower import Follower
from services.projector import Projector
from tests.integration.projections.world import World, a_day
from tests.integration.streams.workers.following import ALL, Start, assert_equal, await_head
from tests.support.log_feed import LogFeed, open_feed
from tests.support.programs import programs
from tests.support.topics import drop_topics, make_topics
from tests.support.waiting import wait_for

SWITCHES = 6


def test_a_worker_waits_for_the_topic(world: World, start: Start, broker: str, prefix: str) -> None:
    worker = start()
    worker.await_line(f"Kafka has no topic {named(LOG.name, prefix)}")
    make_topics(broker, prefix=prefix)
    worker.await_line(ALL)

    with open_feed(world.url, broker, prefix) as feed:
        a_day(world)
        feed.publish()
        await_head(world)
    assert_equal(world)


@pytest.mark.parametrize("module", ["services.cli", "consumers.loading"])
@pytest.mark.parametrize("program", ["worker", "commands"])
def test_a_signal_that_comes_while_a_program_is_loaded_ends_it_with_0(
    environment: dict[str, str], program: str, module: str
) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc, which says when a process takes signals")
    with programs(environment) as start:
        starting = start(program)
        wait_for(lambda: takes_signals(starting.process.pid, module), "it takes none")

        assert starting.end() < 5
        assert starting.said() == ""


def takes_signals(pid: int, module: str) -> bool:
    """Say whether a process runs a module, and would not die of SIGTERM."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    status = Path(f"/proc/{pid}/status").read_text()
    sets = (int(one, 16) for one in re.findall(r"Sig(?:Blk|Cgt):\s*(\w+)", status))
    return module in words and any(one >> (signal.SIGTERM - 1) & 1 for one in sets)


def test_a_topic_with_other_partitions_is_an_error(start: Start, broker: str, prefix: str) -> None:
    make_topics(broker, [Topic(LOG.name, 3), DEADLETTERS], prefix=prefix)
    worker = start()

    assert worker.process.wait(60) == 3
    assert "topic_mismatch" in worker.said()


def test_a_topic_that_is_deleted_and_made_anew_costs_nothing(
    world: World, feed: LogFeed, start: Start, broker: str, topics: str
) -> None:
    start().await_line(ALL)
    a_day(world)
    feed.publish(events_a_record=1)
    await_head(world)
    drop_topics(broker, prefix=topics)
    make_topics(broker, prefix=topics)
    with open_feed(world.url, broker, topics) as again:
        a_day(world)
        again.publish(events_a_record=2)
        await_head(world)
    assert_equal(world)


def test_a_worker_says_that_the_follower_drives_and_goes_on_when_it_is_told_to(
    world: World, feed: LogFeed, start: Start
) -> None:
    world.models.drive("follower")
    worker = start()
    worker.await_line("`orderpath projection drive workers` changes that")
    a_day(world)
    feed.publish()
    assert world.tables()["orders.orders"] == []

    world.models.drive("workers")
    worker.await_line(ALL)
    await_head(world)
    assert_equal(world)


@contextmanager
def following(world: World) -> Iterator[None]:
    """Let a log follower run beside."""
    stop = Signal()
    log, session = open_log(world.url), Session(world.url, role="orderpath_projector")
    follower = Follower(Projector(session.connection, log), log, batch_events=5)
    thread = Thread(target=follower.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    session.close()
    log.close()


def test_the_driver_changes_while_both_run_and_every_event_is_applied_once(
    world: World, feed: LogFeed, start: Start
) -> None:
    start().await_line(ALL)
    with following(world):
        for number in range(SWITCHES):
            world.models.drive("follower" if number % 2 == 0 else "workers")
            a_day(world)
            feed.publish(events_a_record=1)
        world.models.drive("workers")
        await_head(world)
    assert_equal(world)
