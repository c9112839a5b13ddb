"""A topic that is deleted, made anew and filled at once, between two looks of who reads it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from structlog.testing import capture_logs

from consumers.commands import SETTINGS
from consumers.same_topic import SameTopic
from domain.streaming import Topic
from tests.support.broker import fresh_group, send
from tests.support.faults import Fault
from tests.support.topics import drop_topics, make_topics
from tests.support.waiting import wait_for

NEVER_MS: Final = 600_000  # Kafka is not asked by itself which topic bears a name.


@pytest.fixture
def topic(broker: str) -> Iterator[Topic]:
    topic = Topic(f"test-{uuid4().hex}", 1)
    make_topics(broker, [topic])
    yield topic
    drop_topics(broker, [topic])


def reading(broker: str, topic: Topic, group: str) -> KafkaConsumer:
    settings: dict[str, Any] = SETTINGS | {"metadata_max_age_ms": NEVER_MS}
    records = KafkaConsumer(bootstrap_servers=[broker], group_id=group, **settings)
    records.partitions_for_topic(topic.name)  # It joins for those that it has heard of.
    records.subscribe([topic.name])
    return records


def test_of_a_topic_that_was_made_anew_nothing_is_decided_before_what_came_first(
    broker: str, topic: Topic, fault: Fault
) -> None:
    old, new = ([f"{name} {number}".encode() for number in range(5)] for name in ("old", "new"))
    with closing(reading(broker, topic, fresh_group())) as records:
        same, taken = SameTopic(records), list[bytes]()

        def take(last: bytes) -> bool:
            taken.extend(record.value for record in same.look(records.poll(timeout_ms=100)))
            return last in taken

        send(broker, topic.name, *old[:3])
        wait_for(lambda: take(old[2]), seen=(taken,))
        drop_topics(broker, [topic])
        make_topics(broker, [topic])
        fault("topics deleted")
        send(broker, topic.name, *new)  # Behind where the old one was read to, there are two.
        wait_for(lambda: take(new[4]), seen=(taken,))

    assert taken == [*old[:3], *new]


@pytest.mark.parametrize("committed", [0, 2])
def test_what_kafka_deleted_before_anybody_took_it_is_told_by_place(
    broker: str, topic: Topic, committed: int
) -> None:
    part, group = TopicPartition(topic.name, 0), fresh_group()
    send(broker, topic.name, *(b"%d" % number for number in range(5)))

    if committed:
        with closing(reading(broker, topic, group)) as records:
            same = SameTopic(records)
            wait_for(lambda: bool(same.look(records.poll(timeout_ms=100))))
            records.commit({part: same.committing(part, committed)})
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        admin.delete_records({part: 3})
    with closing(reading(broker, topic, group)) as records, capture_logs() as told:
        same = SameTopic(records)
        wait_for(lambda: bool(same.look(records.poll(timeout_ms=100))))

    (deleted,) = [one for one in told if one["event"] == "records_deleted_unread"]
    assert (deleted["partition"], deleted["first"], deleted["last"]) == (0, committed, 2)
