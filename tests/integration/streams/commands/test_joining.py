"""A reader in a group reads on, however short its polls are and whatever happens to its topic."""

from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewPartitions

from consumers.commands import SETTINGS
from consumers.joining import join_to_the_end
from tests.support.broker import fresh_group, fresh_topic, start_test_broker
from tests.support.command_worker import eventually

SHORT_MS = 1  # a poll that ends before the broker has let anybody join
TIMES = 3


def test_who_polls_for_less_than_joining_takes_reads_added_partitions(broker_folder: Path) -> None:
    broker = start_test_broker(broker_folder)
    topic = fresh_topic(broker)
    records = KafkaConsumer(
        **SETTINGS
        | {"bootstrap_servers": [broker], "group_id": fresh_group(), "metadata_max_age_ms": 200}
    )
    records.subscribe([topic])
    heard: set[int] = set()

    def has_heard_all(partitions: int) -> bool:
        join_to_the_end(records)
        heard.update(part.partition for part in records.poll(timeout_ms=SHORT_MS))
        return heard >= set(range(partitions))

    with (
        KafkaAdminClient(bootstrap_servers=[broker]) as admin,
        KafkaProducer(bootstrap_servers=[broker], metadata_max_age_ms=500) as producer,
    ):
        for partitions in range(1, TIMES + 1):
            if partitions > 1:
                admin.create_partitions({topic: NewPartitions(partitions)})
            eventually(lambda: len(producer.partitions_for(topic)) == partitions, "it is told")  # noqa: B023
            producer.send(topic, b"heard", partition=partitions - 1).get()
            eventually(lambda: has_heard_all(partitions), f"all of {partitions}", heard)  # noqa: B023
    records.close()
