"""Deletes from a topic what its one group of readers is done with. Called by services.sweeping."""

from typing import Any, Final

from domain.refusals import InfraError
from domain.streaming import Swept

REQUEST_MILLISECONDS: Final = 30_000


def delete_taken(arguments: dict[str, Any], topic: str, group: str) -> Swept:
    """Delete every record that the group has committed; what it has not is left for it.

    Offsets count only where they were committed for this topic, by its id, as consumers.same_topic
    does: those of one that was deleted say nothing of the one that has its name now.

    arguments: of a client, as infra.broker.kafka_arguments gives them
    topic, group: by Kafka's own names
    Raises: InfraError broker_unavailable
    """
    from kafka import KafkaAdminClient, TopicPartition
    from kafka.admin import OffsetSpec
    from kafka.errors import KafkaError

    limits = {"request_timeout_ms": REQUEST_MILLISECONDS, "bootstrap_timeout_ms": 5_000}
    try:
        with KafkaAdminClient(**arguments, **limits) as admin:
            described = admin.describe_topics([topic])
            numbers = [one["partition_index"] for d in described for one in d["partitions"]]
            parts = [TopicPartition(topic, number) for number in numbers]
            if not parts:
                return Swept({}, {})
            ends = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.LATEST))
            begins = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.EARLIEST))
            taken = admin.list_group_offsets([group]).get(group, {})
            own = {str(one["topic_id"]) for one in described}
            done = {p: at.offset for p, at in taken.items() if p in ends and at.metadata in own}
            upto = {p: min(done[p], ends[p].offset) for p in done}
            wanted = {p: offset for p, offset in upto.items() if offset > begins[p].offset}
            if wanted:
                admin.delete_records(wanted)
    except KafkaError as error:
        message = f"Kafka does not delete what was read of {topic}: {error!r}"
        raise InfraError("broker_unavailable", message) from error
    deleted = {p.partition: max(begins[p].offset, upto.get(p, 0)) for p in parts}
    return Swept({p.partition: ends[p].offset for p in parts}, deleted)
