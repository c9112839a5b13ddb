"""Brokers that make a topic for whoever asks for it, as Kafka does unless it is told not to."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any, Final
from uuid import uuid4

import pytest
from aiokafka.client import AIOKafkaClient
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from consumers.asking import let_aiokafka_make_no_topics, make_no_topics
from consumers.commands import SETTINGS
from domain.refusals import InfraError
from domain.streaming import (
    COMMANDS,
    LOG,
    ORDER_EVENTS,
    ORDER_STATE,
    RESULTS,
    TOPICS,
    Message,
    Topic,
    named,
)
from infra.local_broker import stop_local_broker
from infra.producer import IdempotentProducer
from infra.topics import ensure_topics
from tests.integration.projections.world import World, a_day
from tests.integration.streams.workers.following import ALL, assert_equal, await_head
from tests.support.broker import ROOM_SECONDS, receive, send, start_test_broker
from tests.support.command_line import ROOT
from tests.support.loads import note, open_pipeline
from tests.support.log_feed import open_feed
from tests.support.programs import workers
from tests.support.relays import (
    end_of,
    log_parts,
    open_shop_of_its_own,
    relaying,
    wait_until_published,
)
from tests.support.topics import drop_topics, make_topics
from tests.support.waiting import wait_for

EXAMPLES: Final = ROOT / "docs/examples"
# A client hears at once that a topic is gone, and asks again every five seconds at least.
LONGER_THAN_A_QUESTION_SECONDS: Final = 12.0


@pytest.fixture(scope="module")
def willing(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[str]:
    """Brokers that make topics of one partition."""
    assert broker  # Skipped by name where none starts.
    folder = tmp_path_factory.mktemp("willing")
    yield start_test_broker(folder, auto_create_topics_enable="true", num_partitions="1")
    stop_local_broker(folder)


@pytest.fixture
def shop() -> str:
    """What the topics of a shop begin with that has none yet."""
    return f"test-{uuid4().hex}"


def partitions_of(broker: str, topic: str) -> int:
    """Say how many a topic has, 0: there is none."""
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        return len(admin.describe_topics([topic])[0]["partitions"])


def comes_back(broker: str, topic: Topic, shop: str) -> bool:
    """Delete a topic; say whether another one of its name is there soon."""
    name = named(topic.name, shop)
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:

        def found() -> tuple[bool, str]:
            (one,) = admin.describe_topics([name])
            return bool(one["partitions"]), str(one["topic_id"])

        old = found()
        admin.delete_topics([name])
        try:
            wait_for(lambda: found()[0] and found() != old, seconds=LONGER_THAN_A_QUESTION_SECONDS)
        except AssertionError:
            return False
    return True


def test_a_producer_of_ours_makes_no_topic(willing: str, shop: str) -> None:
    producer = IdempotentProducer({"bootstrap_servers": [willing]}, prefix=shop)
    with pytest.raises(InfraError):
        producer.publish([Message(RESULTS.name, b"{}")])
    producer.close()

    assert partitions_of(willing, named(RESULTS.name, shop)) == 0


def test_a_consumer_of_ours_makes_no_topic(willing: str, shop: str) -> None:
    with KafkaConsumer(**SETTINGS, bootstrap_servers=[willing], group_id=shop) as consumer:
        make_no_topics(consumer)
        consumer.subscribe([shop])
        consumer.poll(timeout_ms=3_000)

    assert partitions_of(willing, shop) == 0


def test_a_question_of_aiokafka_makes_no_topic(willing: str, shop: str) -> None:
    let_aiokafka_make_no_topics()

    async def ask() -> None:
        client = AIOKafkaClient(bootstrap_servers=willing)
        await client.bootstrap()
        try:
            await client.add_topic(shop)
            await client.force_metadata_update()
        finally:
            await client.close()

    asyncio.run(ask())

    assert partitions_of(willing, shop) == 0


def test_a_worker_makes_no_topic_that_is_deleted_under_it(
    world: World, willing: str, shop: str, tmp_path: Path
) -> None:
    make_topics(willing, prefix=shop)
    with workers(environment_of(world, willing, shop, tmp_path)) as start:
        start().await_line(ALL)

        assert not comes_back(willing, LOG, shop)


@pytest.mark.parametrize("example", ["downstream_consumer.py", "send_command.py"])
def test_an_example_makes_no_topic(willing: str, shop: str, tmp_path: Path, example: str) -> None:
    topic = named(ORDER_STATE.name, shop)
    table = tmp_path / "orders.sqlite"
    words = [willing, topic, str(table), "--once"] if "downstream" in example else [willing]
    subprocess.run([sys.executable, EXAMPLES / example, *words], check=False, capture_output=True)

    with KafkaAdminClient(bootstrap_servers=[willing]) as admin:
        assert not {topic, "orderpath.results", "orderpath.commands"} & set(admin.list_topics())


def test_the_example_of_a_reader_makes_no_topic_that_is_deleted_under_it(
    willing: str, shop: str, tmp_path: Path
) -> None:
    topic, file = named(ORDER_STATE.name, shop), tmp_path / "orders.sqlite"
    state = {"order_id": "1", "epoch": 1, "version": 1, "test": False}
    state["totals"] = {"total_minor": 990}
    make_topics(willing, [ORDER_STATE], prefix=shop)
    send(willing, topic, json.dumps(state).encode())
    program = [sys.executable, str(EXAMPLES / "downstream_consumer.py"), willing, topic, str(file)]
    with subprocess.Popen(program) as reader:
        wait_for(lambda: has_read(file), "it reads nothing")
        back = comes_back(willing, ORDER_STATE, shop)
        still_runs = reader.poll() is None
        reader.kill()

    assert not back
    assert still_runs


def has_read(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as table, suppress(sqlite3.OperationalError):
        return bool(table.execute("select 1 from orders").fetchall())
    return False


@pytest.fixture
def foreign(willing: str) -> Iterator[Callable[[str], None]]:
    """Lets readers that are none of ours ask for a topic again and again, as clients do."""
    stop, readers = Signal(), list[Thread]()

    def ask(topic: str) -> None:
        with KafkaConsumer(bootstrap_servers=[willing], metadata_max_age_ms=100) as consumer:
            consumer.subscribe([topic])
            while not stop.is_set():
                consumer.poll(timeout_ms=50)

    def begin(topic: str) -> None:
        readers.append(Thread(target=ask, args=(topic,)))
        readers[-1].start()

    yield begin
    stop.set()
    for reader in readers:
        reader.join(ROOM_SECONDS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_that_a_reader_has_made_is_set_right_while_the_reader_lives(
    willing: str, shop: str, foreign: Callable[[str], None], topic: Topic
) -> None:
    arguments, name = {"bootstrap_servers": [willing]}, named(topic.name, shop)
    foreign(name)
    wait_for(lambda: partitions_of(willing, name) == 1, "the reader makes none")

    assert ensure_topics(arguments, [topic], prefix=shop) == [name]
    assert ensure_topics(arguments, [topic], prefix=shop) == []

    assert partitions_of(willing, name) == topic.partitions
    kept = -1 if topic.retention_hours is None else topic.retention_hours * 3_600_000
    found = settings_of(willing, name)
    assert found["cleanup.policy"] == topic.cleanup
    assert topic.cleanup == "compact" or found["retention.ms"] == str(kept)


def settings_of(broker: str, topic: str) -> dict[str, str]:
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic)]
        told = admin.describe_configs(asked, config_filter="all")["topic"][topic]
    return {name: setting["value"] for name, setting in told.items()}


def test_a_topic_that_is_set_right_keeps_what_is_in_it(willing: str, shop: str) -> None:
    name = named(COMMANDS.name, shop)
    send(willing, name, b"sent before")  # by a producer that makes it

    ensure_topics({"bootstrap_servers": [willing]}, [COMMANDS], prefix=shop)

    assert partitions_of(willing, name) == COMMANDS.partitions
    assert receive(willing, name, 1) == [b"sent before"]


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ({"num_partitions": 17}, "17 partitions and cleanup.policy=delete"),
        ({"num_partitions": 1, "configs": {"retention.ms": "1000"}}, "has 1 partitions"),
    ],
)
def test_a_topic_that_cannot_be_set_right_or_that_somebody_chose_so_is_named_with_the_setting(
    willing: str, shop: str, shape: dict[str, Any], why: str
) -> None:
    name = named(LOG.name, shop)
    with KafkaAdminClient(bootstrap_servers=[willing]) as admin:
        admin.create_topics({name: {"replication_factor": 1, **shape}})
        admin.wait_for_topics([name])

    with pytest.raises(InfraError, match=why) as told:
        ensure_topics({"bootstrap_servers": [willing]}, [LOG], prefix=shop)

    assert told.value.code == "topic_mismatch"
    assert "auto.create.topics.enable=false" in str(told.value)
    assert "then delete the topic" in str(told.value)


def test_nothing_is_sent_to_a_topic_that_has_other_partitions(willing: str, shop: str) -> None:
    name = named(ORDER_EVENTS.name, shop)
    make_topics(willing, [replace(ORDER_EVENTS, partitions=3)], prefix=shop)
    producer = IdempotentProducer({"bootstrap_servers": [willing]}, prefix=shop)

    with pytest.raises(InfraError, match="has 3 partitions instead of 16"):
        producer.publish([Message(ORDER_EVENTS.name, b"{}", b"key")])
    producer.close()

    with KafkaConsumer(bootstrap_servers=[willing]) as consumer:
        places = [TopicPartition(name, number) for number in range(3)]
        assert set(consumer.end_offsets(places).values()) == {0}


def test_a_topic_that_is_deleted_under_load_is_made_again_though_a_reader_makes_it_first(
    database_url: str, willing: str, foreign: Callable[[str], None]
) -> None:
    orders = open_shop_of_its_own(database_url, orders=30)
    with relaying(database_url, willing, patience_seconds=3) as running:
        wait_until_published(database_url)
        before = end_of(database_url)
        foreign(LOG.name)
        with KafkaAdminClient(bootstrap_servers=[willing]) as admin:
            admin.delete_topics([LOG.name])
        wait_for(lambda: partitions_of(willing, LOG.name) == 1, "the reader makes none")
        with open_pipeline(database_url) as pipeline:
            answers = [pipeline.submit(note(order)) for order in orders]
            assert {answer.result().kind for answer in answers} == {"accepted"}
        wait_until_published(database_url)

    assert running.error is None
    assert partitions_of(willing, LOG.name) == LOG.partitions
    later = {row.position: row for _, rows in log_parts(database_url, willing) for row in rows}
    assert sorted(later) == list(range(before + 1, end_of(database_url) + 1))


def test_a_worker_that_finds_a_topic_that_a_reader_has_made_sets_it_right(
    world: World, willing: str, shop: str, tmp_path: Path, foreign: Callable[[str], None]
) -> None:
    foreign(named(LOG.name, shop))
    wait_for(lambda: partitions_of(willing, named(LOG.name, shop)) == 1, "the reader makes none")

    with workers(environment_of(world, willing, shop, tmp_path)) as start:
        start().await_line(ALL)


def test_a_worker_under_which_a_reader_makes_its_topic_says_so_and_goes_on(
    world: World, willing: str, shop: str, tmp_path: Path, foreign: Callable[[str], None]
) -> None:
    make_topics(willing, prefix=shop)
    with workers(environment_of(world, willing, shop, tmp_path)) as start:
        worker = start()
        worker.await_line(ALL)
        foreign(named(LOG.name, shop))
        drop_topics(willing, [LOG], prefix=shop)

        worker.await_line("has 1 partitions instead of 16")
        worker.await_line(ALL, times=2)
        assert worker.count_lines("worker ready, 1 of 16 shards") == 0
        with open_feed(world.url, willing, shop) as feed:
            a_day(world)
            feed.publish()
            await_head(world)
    assert_equal(world)


def environment_of(world: World, broker: str, shop: str, folder: Path) -> dict[str, str]:
    return {
        "ORDERPATH_DATABASE_URL": world.url,
        "ORDERPATH_DATA_DIR": str(folder / "data"),
        "ORDERPATH_KAFKA": broker,
        "ORDERPATH_KAFKA_PREFIX": shop,
    }
