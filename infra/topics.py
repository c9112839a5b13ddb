"""Kafka's topics, made as domain.streaming wants them and checked at every start of a relay.

One of ours that brokers have made for whoever asked for it is set right where it stands: readers
that live would have it made the same way again, so that deleting it would not help.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import structlog

from domain.refusals import InfraError
from domain.streaming import PREFIX, TOPICS, Topic, named
from infra.broker import answering, describe_broker
from infra.waiting import wait_until

REPLICAS: Final = 3  # of each partition, or as many as there are nodes
READY_MILLISECONDS: Final = 30_000  # for every partition of a new topic to have a leader
REQUEST_MILLISECONDS: Final = 15_000
# A reader that was away for less hears what is told no more; a state that is not the newest goes
# within as much, also from a topic in which little happens.
COMPACTING_HOURS: Final = 7 * 24
HOUR_MILLISECONDS: Final = 3_600_000
MAKING: Final = "auto.create.topics.enable"  # of brokers: whether they make what is asked for
# Whose clock a record's age counts by. Were it its sender's, one that goes wrong would have deleted
# what it sends before anybody reads it.
WHOSE_TIME: Final = "message.timestamp.type"
BROKERS: Final = "LogAppendTime"

log_ = structlog.get_logger()

_Found = Mapping[str, Mapping[str, Any]]  # what Kafka tells of settings, by topic and name


def ensure_topics(
    arguments: dict[str, Any], topics: Sequence[Topic] = TOPICS, *, prefix: str = PREFIX
) -> list[str]:
    """Make the topics that are missing, set right those of ours that brokers have made for somebody
    who asked, check the others, and name those that were made or set right.

    Partitions and cleanup policy have to be as wanted: order and completeness rest on them. How
    long records are kept is for the operator to change. Twice, or two at once, is nothing.

    arguments: as infra.broker.kafka_arguments gives them
    prefix:    of the shop's names
    Raises:    InfraError topic_mismatch, topic_not_made, broker_unavailable
    """
    if not topics:
        return []
    ours = {named(topic.name, prefix) for topic in TOPICS}
    topics = [replace(topic, name=named(topic.name, prefix)) for topic in topics]
    with _asking(arguments) as (admin, node, nodes):
        there = _partitions(admin, [topic.name for topic in topics])
        made = _make(admin, [topic for topic in topics if topic.name not in there], nodes)
        asked = [one for one in topics if one.name in ours and one.name not in made]
        made += _set_right(admin, asked, node)
        found = _settings_found(admin, topics)
        _check(admin, topics, found, node)
        _count_by_brokers(admin, topics, found)
    return made


def count_partitions(arguments: dict[str, Any], topic: str) -> int:
    """Ask how many partitions a topic has, by Kafka's own name; 0: there is none.

    Raises: InfraError broker_unavailable
    """
    with _asking(arguments) as (admin, _, _):
        return _partitions(admin, [topic]).get(topic, 0)


@contextmanager
def _asking(arguments: dict[str, Any]) -> Iterator[tuple[Any, int, int]]:
    """Give an admin client, the id of a node that answers, and how many nodes there are."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    facts = describe_broker(arguments)
    chosen = {**arguments, "bootstrap_servers": [facts.server]}
    limits = {"request_timeout_ms": REQUEST_MILLISECONDS, "bootstrap_timeout_ms": 5_000}
    try:
        with KafkaAdminClient(**chosen, **limits) as admin:
            node, _ = answering(admin, facts.server)
            yield admin, node, facts.nodes
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
        if hours is not None:
            settings[WHOSE_TIME] = BROKERS
    else:
        within = str(COMPACTING_HOURS * HOUR_MILLISECONDS)
        settings |= {"max.compaction.lag.ms": within, "delete.retention.ms": within}
    return settings


def _set_right(admin: Any, topics: Sequence[Topic], node: int) -> list[str]:
    """Give topics that somebody's question has made what they need, and name them.

    Such a topic has no setting of its own. What is in it stays, and nobody has to end. Where Kafka
    does not let us, or has made too many partitions, it stays as it is for _check to tell of.
    """
    found = _settings_found(admin, topics)
    bare = [topic for topic in topics if not _own(found[topic.name])]
    if not bare or not _make_what_is_asked(admin, node):
        return []
    told = {one["name"]: one["partitions"] for one in admin.describe_topics([t.name for t in bare])}
    right: list[Topic] = []
    for topic in bare:
        partitions = told[topic.name]
        if 0 < len(partitions) <= topic.partitions:
            replicas = len(partitions[0]["replica_nodes"])
            if _alter(admin, topic, len(partitions), _settings(topic, replicas)):
                right.append(topic)
    wait_until(lambda: _is_right(admin, right), READY_MILLISECONDS / 1_000)  # _check tells.
    return [topic.name for topic in right]


def _count_by_brokers(admin: Any, topics: Sequence[Topic], found: _Found) -> None:
    """Let age count by the brokers' clock in topics that keep records for a time, and wait until
    it does. Where Kafka does not let us, or takes too long, the log says so.
    """
    from kafka.admin import ConfigResource, ConfigResourceType

    aged = [one for one in topics if one.retention_hours is not None]
    wrong = [one for one in aged if not _is_by_brokers(found[one.name])]
    if not wrong:
        return
    wanted = {WHOSE_TIME: BROKERS}
    answers = admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, one.name, wanted) for one in wrong]
    )["topic"]
    right = [one for one in wrong if answers[one.name] == "OK"]
    is_done = wait_until(
        lambda: all(map(_is_by_brokers, _settings_found(admin, right).values())),
        READY_MILLISECONDS / 1_000,
    )
    for one in wrong:
        answer = "not in time" if one in right and not is_done else answers[one.name]
        log_.warning("topic_set_right", topic=one.name, setting=WHOSE_TIME, answer=answer)


def _is_by_brokers(settings: Mapping[str, Any]) -> bool:
    """Whether a topic's age counts by their clock; where nothing is told of it, it does."""
    return bool(settings.get(WHOSE_TIME, {"value": BROKERS})["value"] == BROKERS)


def _is_right(admin: Any, topics: Sequence[Topic]) -> bool:
    found = _settings_found(admin, topics)
    return all(map(_own, found.values())) and not _differences(admin, topics, found)


def _alter(admin: Any, topic: Topic, partitions: int, settings: Mapping[str, str]) -> bool:
    """Whether Kafka did it. Partitions come first: without its settings it is taken up again."""
    from kafka.admin import ConfigResource, ConfigResourceType

    why = "OK"
    if partitions < topic.partitions:
        wanted = {topic.name: topic.partitions}
        answer = admin.create_partitions(wanted, raise_errors=False).results[0]
        why = answer.error_message or "refused" if answer.error_code else why
    if why == "OK":
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(settings))
        why = admin.alter_configs([resource])["topic"][topic.name]
    log_.warning("topic_set_right", topic=topic.name, partitions=partitions, answer=why)
    return bool(why == "OK")


def _make_what_is_asked(admin: Any, node: int) -> bool | None:
    """Whether brokers make a topic for whoever asks for it, as this one says; None: it does not
    tell us.
    """
    from kafka.admin import ConfigResource, ConfigResourceType

    name = str(node)
    asked = [ConfigResource(ConfigResourceType.BROKER, name, {MAKING: None})]
    told = admin.describe_configs(asked, config_filter="all")["broker"].get(name, {}).get(MAKING)
    return None if told is None else told["value"] == "true"


def _check(admin: Any, topics: Sequence[Topic], found: _Found, node: int) -> None:
    if wrong := _differences(admin, topics, found):
        first = ""
        if _make_what_is_asked(admin, node) is not False:
            first = (
                f"end all who read it or set {MAKING}=false at the brokers, which may make it so "
                "again for the first who asks, then "
            )
        raise InfraError(
            "topic_mismatch",
            " ".join(wrong) + " Nothing is sent there. Set it right with Kafka's own tools, or "
            f"{first}delete the topic: the relay makes it anew, and `orderpath relay begin-anew` "
            "fills it from the log. What is in a topic of commands goes with it: let it be taken "
            "before.",
        )


def _differences(admin: Any, topics: Sequence[Topic], found: _Found) -> list[str]:
    if not topics:
        return []
    partitions = _partitions(admin, [topic.name for topic in topics])
    wrong: list[str] = []
    for topic in topics:
        policy = found[topic.name].get("cleanup.policy", {"value": "unknown"})["value"]
        is_so = (partitions.get(topic.name, 0), _ordered(policy))
        if is_so != (topic.partitions, topic.cleanup):
            wrong.append(_difference(topic, *is_so))
    return wrong


def _settings_found(admin: Any, topics: Sequence[Topic]) -> _Found:
    """Give what Kafka tells of settings, by topic; {} of one of which it tells nothing."""
    from kafka.admin import ConfigResource, ConfigResourceType

    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    told = admin.describe_configs(asked, config_filter="all")["topic"] if asked else {}
    return {topic.name: told.get(topic.name, {}) for topic in topics}


def _own(settings: Mapping[str, Any]) -> bool:
    """Whether somebody has given a topic a setting; the others are the brokers'."""
    return any(one["config_source"] == "DYNAMIC_TOPIC_CONFIG" for one in settings.values())


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
