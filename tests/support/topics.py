"""Topics of a shop in a test, made and dropped."""

from collections.abc import Sequence
from threading import Event as Signal
from time import monotonic

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from domain.streaming import DEADLETTERS, LOG, PREFIX, Topic, named
from tests.support.broker import ROOM_SECONDS


def make_topics(
    broker: str, topics: Sequence[Topic] = (LOG, DEADLETTERS), *, prefix: str = PREFIX
) -> None:
    """Make topics, once Kafka has forgotten earlier ones of the same names."""
    names = {one: named(one.name, prefix) for one in topics}
    wanted = [
        NewTopic(name, num_partitions=one.partitions, replication_factor=1)
        for one, name in names.items()
    ]
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        deadline = monotonic() + ROOM_SECONDS
        while True:
            try:
                admin.create_topics(wanted)
                break
            except TopicAlreadyExistsError:
                assert monotonic() < deadline
                Signal().wait(0.05)
        admin.wait_for_topics(list(names.values()))


def read_all(broker: str, names: Sequence[str]) -> bytes:
    """Give all that can still be read in topics: keys, headers and values, one behind the other."""
    found: list[bytes] = []
    with KafkaConsumer(bootstrap_servers=[broker], isolation_level="read_committed") as consumer:
        parts = [
            TopicPartition(name, number)
            for name in names
            for number in consumer.partitions_for_topic(name) or ()
        ]
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends = consumer.end_offsets(parts)
        deadline = monotonic() + ROOM_SECONDS
        while any(consumer.position(part) < end for part, end in ends.items()):
            assert monotonic() < deadline
            for records in consumer.poll(timeout_ms=200).values():
                for one in records:
                    headers = [value for _, value in one.headers]
                    found += [part for part in (one.key, one.value, *headers) if part]
    return b"\n".join(found)


def drop_topics(
    broker: str, topics: Sequence[Topic] = (LOG, DEADLETTERS), *, prefix: str = PREFIX
) -> None:
    """Delete those that there are."""
    names = {named(one.name, prefix) for one in topics}
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        admin.delete_topics(list(names & set(admin.list_topics())))
