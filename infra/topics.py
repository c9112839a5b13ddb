"""Kafka's topics, made as domain.streaming wants them and checked at every start of a relay."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from domain.refusals import InfraError
from domain.streaming import PREFIX, TOPICS, Topic, named
from infra.broker import describe_broker

REPLICAS: Final = 3  # of each partition, or as many as there are nodes
READY_MILLISECONDS: Final = 30_000  # for every partition of a new topic to have a leader
REQUEST_MILLISECONDS: Final = 15_000
HOUR_MILLISECONDS: Final = 3_600_000


def ensure_topics(
    arguments: dict[str, Any], topics: Sequence[Topic] = TOPICS, *, prefix: str = PREFIX
) -> list[str]:
    """Make the topics that are missing, check the others, and name those that were made.

    Partitions and cleanup policy have to be as wanted: order and completeness rest on them. How
    long records are kept is for the operator to change. Twice, or two at once, is nothing.

    arguments: as infra.broker.kafka_arguments gives them
    prefix:    of the shop's names
    Raises:    InfraError topic_mismatch, topic_not_made, broker_unavailable
    """
    if not topics:
        return []
    topics = [replace(topic, name=named(topic.name, prefix)) for topic in topics]
    with _asking(arguments) as (admin, nodes):
        found = _partitions(admin, [topic.name for topic in topics])
        made = _make(admin, [topic for topic in topics if topic.name not in found], nodes)
        _check(admin, topics)
    return made


def count_partitions(arguments: dict[str, Any], topic: str) -> int:
    """Ask how many partitions a topic has, by Kafka's own name; 0: there is none.

    Raises: InfraError broker_unavailable
    """
    with _asking(arguments) as (admin, _):
        return _partitions(admin, [topic]).get(topic, 0)


@contextmanager
def _asking(arguments: dict[str, Any]) -> Iterator[tuple[Any, int]]:
    """Give an admin client, and how many nodes there are."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    nodes = describe_broker(arguments).nodes
    limits = {"request_timeout_ms": REQUEST_MILLISECONDS, "bootstrap_timeout_ms": 5_000}
    try:
        with KafkaAdminClient(**arguments, **limits) as admin:
            yield admin, nodes
    except KafkaError as error:
        message = f"Kafka does not tell of its topics: {error}"
        raise InfraError("broker_unavailable", message) from error


def _partitions(admin: Any, topics: Sequence[str]) -> dict[str, int]:
    described = admin.describe_topics(list(topics))
    return {one["name"]: len(one["partitions"]) for one in described if one["partitions"]}


def _make(admin: Any, missing: Sequence[Topic], nodes: int) -> list[str]:
    from kafka.errors import TopicAlreadyExistsError, for_code

    if not missing:
        return []
    replicas = min(REPLICAS, nodes)
    wanted = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": replicas,
            "configs": _settings(topic, replicas),
        }
        for topic in missing
    }
    answers = admin.create_topics(wanted, raise_errors=False)["topics"]
    made = []
    for answer in answers:
        if not answer["error_code"]:
            made.append(answer["name"])
        elif for_code(answer["error_code"]) is not TopicAlreadyExistsError:
            raise _not_made(answer, wanted[answer["name"]])
    admin.wait_for_topics(list(wanted), timeout_ms=READY_MILLISECONDS)
    return made


def _settings(topic: Topic, replicas: int) -> dict[str, str]:
    """What is acknowledged stands on two nodes, where there are three."""
    settings = {
        "cleanup.policy": topic.cleanup,
        "min.insync.replicas": str(max(replicas - 1, 1)),
    }
    if topic.cleanup == "delete":
        hours = topic.retention_hours
        kept = -1 if hours is None else hours * HOUR_MILLISECONDS
        settings["retention.ms"] = str(kept)
    return settings


def _check(admin: Any, topics: Sequence[Topic]) -> None:
    partitions = _partitions(admin, [topic.name for topic in topics])
    policies = _policies(admin, topics)
    wrong: list[str] = []
    for topic in topics:
        is_so = (partitions.get(topic.name, 0), policies.get(topic.name, "unknown"))
        if is_so != (topic.partitions, topic.cleanup):
            wrong.append(_difference(topic, *is_so))
    if wrong:
        raise InfraError(
            "topic_mismatch",
            " ".join(wrong) + " Nothing is sent there. Set it right with Kafka's own tools, or "
            "delete the topic: the relay makes it anew, and `orderpath relay begin-anew` fills it "
            "from the log.",
        )


def _policies(admin: Any, topics: Sequence[Topic]) -> Mapping[str, str]:
    from kafka.admin import ConfigResource, ConfigResourceType

    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    told = admin.describe_configs(asked, config_filter="all")["topic"]
    return {name: _ordered(settings["cleanup.policy"]["value"]) for name, settings in told.items()}


def _ordered(policy: str) -> str:
    return ",".join(sorted(policy.split(",")))


def _difference(topic: Topic, partitions: int, policy: str) -> str:
    return (
        f"Topic {topic.name} has {partitions} partitions and cleanup.policy={policy}; it needs "
        f"{topic.partitions} partitions and cleanup.policy={topic.cleanup}."
    )


def _not_made(answer: Mapping[str, Any], wanted: Mapping[str, Any]) -> InfraError:
    settings = " ".join(f"{name}={value}" for name, value in wanted["configs"].items())
    return InfraError(
        "topic_not_made",
        f"Topic {answer['name']} is missing and Kafka does not make it: {answer['error_message']} "
        f"Make it with {wanted['num_partitions']} partitions and {settings}, or let the login do "
        "so.",
    )
