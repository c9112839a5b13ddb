"""Topics and groups with their real names, made and forgotten between two tests."""

from collections.abc import Sequence
from threading import Event as Signal
from time import monotonic

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove, NewTopic
from kafka.errors import TopicAlreadyExistsError

from domain.streaming import DEADLETTERS, LOG, PROJECTIONS_GROUP, Topic
from tests.support.broker import ROOM_SECONDS


def make_topics(broker: str, topics: Sequence[Topic] = (LOG, DEADLETTERS)) -> None:
    """Make topics, once Kafka has forgotten earlier ones of the same names."""
    wanted = [
        NewTopic(one.name, num_partitions=one.partitions, replication_factor=1) for one in topics
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
        admin.wait_for_topics([one.name for one in topics])


def drop_topics(broker: str, topics: Sequence[Topic] = (LOG, DEADLETTERS)) -> None:
    """Delete those that there are."""
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        found = set(admin.list_topics())
        admin.delete_topics([one.name for one in topics if one.name in found])


def forget_everything(broker: str) -> None:
    """Delete the topics, and the group of the workers, also of those that were killed."""
    drop_topics(broker)
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        if PROJECTIONS_GROUP not in {one["group_id"] for one in admin.list_groups()}:
            return
        group = admin.describe_groups([PROJECTIONS_GROUP])[PROJECTIONS_GROUP]
        members = [
            MemberToRemove(group_instance_id=one["group_instance_id"]) for one in group["members"]
        ]
        if members:
            admin.remove_group_members(PROJECTIONS_GROUP, members)
        admin.delete_groups([PROJECTIONS_GROUP])
