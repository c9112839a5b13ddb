"""A reader in a group reads on, however short its polls are and whatever happens to its topic."""

from contextlib import closing
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewPartitions

from consumers.commands import SETTINGS
from consumers.joining import join_to_the_end
from tests.support.broker import fresh_group, fresh_topic, start_test_broker
from tests.support.command_worker import eventually

SHORT_MS = 1  # a poll that ends before the broker has let anybody join
PARTITIONS = 3


def test_who_polls_for_less_than_joining_takes_reads_added_partitions(broker_folder: Path) -> None:
    broker = start_test_broker(broker_folder)
    topic = fresh_topic(broker)
    own = {"bootstrap_servers": [broker], "group_id": fresh_group(), "metadata_max_age_ms": 200}
    heard: set[int] = set()
    with (
        closing(KafkaConsumer(**SETTINGS | own)) as records,
        KafkaAdminClient(bootstrap_servers=[broker]) as admin,
        KafkaProducer(bootstrap_servers=[broker], metadata_max_age_ms=500) as producer,
    ):

        def has_heard_of(partition: int) -> bool:
            join_to_the_end(records)
            heard.update(part.partition for part in records.poll(timeout_ms=SHORT_MS))
            return partition in heard

        def read_from(partition: int) -> None:
            eventually(lambda: partition in producer.partitions_for(topic), "it is told of")
            producer.send(topic, b"heard", partition=partition).get()
            eventually(lambda: has_heard_of(partition), f"partition {partition}", heard)

        records.subscribe([topic])
        read_from(0)
        for added in range(1, PARTITIONS):
            admin.create_partitions({topic: NewPartitions(added + 1)})
            read_from(added)

    assert heard == set(range(PARTITIONS))
