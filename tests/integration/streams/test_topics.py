"""Topics are made as they have to be, and those that are otherwise are named."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import time
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from domain.refusals import InfraError
from domain.streaming import COMMANDS, TOPICS, Topic
from infra.topics import ensure_topics
from tests.support.broker import ROOM_SECONDS, fresh_topic


@pytest.fixture
def arguments(broker: str) -> dict[str, Any]:
    return {"bootstrap_servers": [broker]}


def own(topic: Topic) -> Topic:
    return replace(topic, name=f"{topic.name}-{uuid4().hex}")


def settings_of(broker: str, topic: Topic) -> dict[str, str]:
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name)]
        told = admin.describe_configs(asked, config_filter="all")["topic"][topic.name]
        partitions = admin.describe_topics([topic.name])[0]["partitions"]
    return {
        "partitions": str(len(partitions)),
        "replicas": str(len(partitions[0]["replica_nodes"])),
        **{name: setting["value"] for name, setting in told.items()},
    }


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_made_with_its_partitions_policy_and_retention(
    topic: Topic, broker: str, arguments: dict[str, Any]
) -> None:
    wanted = own(topic)

    assert ensure_topics(arguments, [wanted]) == [wanted.name]

    found = settings_of(broker, wanted)
    kept = -1 if topic.retention_hours is None else topic.retention_hours * 3_600_000
    assert found["partitions"] == str(topic.partitions)
    assert found["cleanup.policy"] == topic.cleanup
    assert topic.cleanup == "compact" or found["retention.ms"] == str(kept)
    assert topic.cleanup == "delete" or found["max.compaction.lag.ms"] == str(7 * 24 * 3_600_000)
    assert topic.cleanup == "delete" or found["delete.retention.ms"] == str(7 * 24 * 3_600_000)
    assert (found["message.timestamp.type"] == "LogAppendTime") == (kept != -1)
    assert (found["replicas"], found["min.insync.replicas"]) == ("1", "1")  # There is one node.


def test_the_clock_of_a_sender_deletes_nothing_also_in_a_topic_that_was_made_otherwise(
    broker: str, arguments: dict[str, Any]
) -> None:
    name = fresh_topic(broker, COMMANDS.partitions)
    now = int(time() * 1_000)

    assert ensure_topics(arguments, [replace(COMMANDS, name=name)]) == []

    with KafkaProducer(bootstrap_servers=[broker]) as producer:
        sent = producer.send(name, b"{}", timestamp_ms=1_000).get(timeout=ROOM_SECONDS)
    assert abs(sent.timestamp - now) < 3_600_000


def test_a_second_time_and_several_at_once_make_nothing_more(arguments: dict[str, Any]) -> None:
    wanted = [own(topic) for topic in TOPICS]

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: ensure_topics(arguments, wanted), range(4)))

    assert sorted(name for names in made for name in names) == sorted(one.name for one in wanted)
    assert ensure_topics(arguments, wanted) == []


def test_other_partitions_and_another_policy_are_named_with_what_to_do(
    broker: str, arguments: dict[str, Any]
) -> None:
    narrow = Topic(fresh_topic(broker, partitions=2), 16)
    kept = Topic(fresh_topic(broker, partitions=16), 16, cleanup="compact")

    with pytest.raises(InfraError) as told:
        ensure_topics(arguments, [narrow, kept])

    assert told.value.code == "topic_mismatch"
    for words in (
        f"{narrow.name} has 2 partitions and cleanup.policy=delete; it needs 16 partitions",
        f"{kept.name} has 16 partitions and cleanup.policy=delete; it needs 16 partitions and "
        "cleanup.policy=compact",
        "delete the topic",
    ):
        assert words in str(told.value)


def test_how_long_records_are_kept_is_the_operators_choice(
    broker: str, arguments: dict[str, Any]
) -> None:
    longer = Topic(fresh_topic(broker, partitions=3, retention_ms="123456789"), 3)

    assert ensure_topics(arguments, [longer]) == []


def test_a_name_that_kafka_does_not_take_is_said_with_how_the_topic_would_be(
    arguments: dict[str, Any],
) -> None:
    with pytest.raises(InfraError, match=r"^Topic no name is missing .* 3 partitions") as told:
        ensure_topics(arguments, [Topic("no name", 3)])
    assert told.value.code == "topic_not_made"


def test_a_broker_that_is_away_is_said_to_be() -> None:
    with pytest.raises(InfraError) as told:
        ensure_topics({"bootstrap_servers": ["127.0.0.1:9"]})
    assert told.value.code == "broker_unavailable"
