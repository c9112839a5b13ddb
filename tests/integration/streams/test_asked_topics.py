"""Brokers that make a topic for whoever asks for it, as Kafka does unless it is told not to."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from aiokafka.client import AIOKafkaClient
from kafka import KafkaAdminClient, KafkaConsumer

from consumers.asking import let_aiokafka_make_no_topics, make_no_topics
from consumers.commands import SETTINGS
from domain.refusals import InfraError
from domain.streaming import LOG, ORDER_STATE, RESULTS, Message, Topic, named
from infra.local_broker import stop_local_broker
from infra.producer import IdempotentProducer
from tests.integration.projections.world import World
from tests.integration.streams.workers.following import ALL
from tests.support.broker import send, start_test_broker
from tests.support.command_line import ROOT
from tests.support.programs import workers
from tests.support.topics import make_topics
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
    state = {"order_id": "1", "version": 1, "totals": {"total_minor": 990}, "test": False}
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


def environment_of(world: World, broker: str, shop: str, folder: Path) -> dict[str, str]:
    return {
        "ORDERPATH_DATABASE_URL": world.url,
        "ORDERPATH_DATA_DIR": str(folder / "data"),
        "ORDERPATH_KAFKA": broker,
        "ORDERPATH_KAFKA_PREFIX": shop,
    }
