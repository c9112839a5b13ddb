"""A Kafka of our own in a temporary folder, as `orderpath kafka up` starts it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from domain.streaming import PROJECTIONS_GROUP, TOPICS
from infra.broker import kafka_arguments
from infra.local_broker import start_local_broker, stop_local_broker
from infra.settings import Settings
from infra.topics import ensure_topics

LONGEST_SECONDS: Final = 60.0  # until deleted topics are gone; reached only by a fault


@contextmanager
def bench_broker() -> Iterator[str]:
    """Give host:port of a broker that ends with the block.

    Raises: InfraError broker_not_installed
    """
    folder = Path(mkdtemp(prefix="orderpath-bench-"))
    try:
        yield start_local_broker(folder)
    finally:
        stop_local_broker(folder)
        shutil.rmtree(folder, ignore_errors=True)


def begin_anew(server: str) -> None:
    """Delete all topics and the workers' group, then make the topics again, empty."""
    arguments = kafka_arguments(Settings(kafka=server))
    names = [topic.name for topic in TOPICS]
    with KafkaAdminClient(**arguments) as admin:
        _delete_group(admin)
        admin.delete_topics([name for name in admin.list_topics() if name in names])
        deadline = monotonic() + LONGEST_SECONDS
        while not set(names).isdisjoint(admin.list_topics()):
            if monotonic() > deadline:
                raise RuntimeError("Kafka does not forget its topics")
            sleep(0.05)
    ensure_topics(arguments)


def _delete_group(admin: KafkaAdminClient) -> None:
    """Delete it with its members, which Kafka would remember for a while."""
    if PROJECTIONS_GROUP not in {one["group_id"] for one in admin.list_groups()}:
        return
    members = admin.describe_groups([PROJECTIONS_GROUP])[PROJECTIONS_GROUP]["members"]
    if members:
        removed = [MemberToRemove(group_instance_id=one["group_instance_id"]) for one in members]
        admin.remove_group_members(PROJECTIONS_GROUP, removed)
    admin.delete_groups([PROJECTIONS_GROUP])
