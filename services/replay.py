"""Publishes a part of the log again, into another topic, for one reader: no position moves."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain.reading import Head
from domain.refusals import InfraError, Unusable
from domain.streaming import ORDER_EVENTS, ORDER_STATE, PREFIX, TOPICS, Lane, Message, Topic, named
from services.relay import Broker

TOPIC_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")  # that Kafka takes

Progress = Callable[[int, int], None]  # positions done, positions in all


class ReplayError(Unusable):
    """What shall be published again, or where to, cannot be."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is wanted again."""

    topic: str
    to_topic: str
    first: int  # position of the log, from 1
    last: int
    order_id: UUID | None = None  # only what is of this order


def replay(
    wish: Replay, *, head: Head, lanes: list[Lane], broker: Broker, progress: Progress
) -> int:
    """Publish what a topic had from a part of the log; say how many records that were.

    lanes:  as they give what is up to `last`, and nothing behind it
    Raises: ReplayError, InfraError topic_mismatch, topic_not_made, broker_unavailable
    """
    lane, topic = _find_topic(wish.topic, lanes, broker.prefix)
    _check_target(wish.to_topic, broker.prefix)
    _check_part(wish, topic, head)
    _make(replace(topic, name=wish.to_topic), broker)
    producer = broker.new_producer()
    total = max(wish.last - wish.first + 1, 0)
    sent = 0
    try:
        lane.begin(head, wish.first - 1)
        while (outgoing := lane.next()) is not None:
            wanted = [one for one in outgoing.messages if _is_wanted(one, topic, wish)]
            messages = [replace(one, topic=wish.to_topic) for one in wanted]
            producer.publish(messages)
            sent += len(messages)
            progress(outgoing.position - wish.first + 1, total)
    finally:
        producer.close()
    return sent


def _find_topic(name: str, lanes: list[Lane], prefix: str) -> tuple[Lane, Topic]:
    for lane in lanes:
        for topic in lane.topics:
            if named(topic.name, prefix) == name:
                return lane, topic
    known = ", ".join(named(topic.name, prefix) for lane in lanes for topic in lane.topics)
    raise ReplayError(f"{name} is no topic that the relay fills: those are {known}")


def _check_target(name: str, prefix: str) -> None:
    if not TOPIC_NAME.fullmatch(name):
        raise ReplayError(
            f"{name!r} is no name of a topic: write up to 249 of letters, digits, '.', '_' and '-'"
        )
    if name.startswith("__"):
        raise ReplayError(f"{name} is a topic of Kafka's own: name one for this reader")
    for end in (one.name.removeprefix(PREFIX) for one in TOPICS):  # of whatever shop
        if name.endswith(end):
            raise ReplayError(
                f"{name} is what {name.removesuffix(end)!r} as the prefix of a "
                "shop makes of a topic, and that one has readers already: name a topic for this "
                f"reader alone, one that does not end in {end}"
            )
    for ours in (named(one.name, prefix) for one in TOPICS):
        if name.replace(".", "_") == ours.replace(".", "_"):
            raise ReplayError(
                f"Kafka takes {name} for {ours}: name one that differs in more than . and _"
            )


def _check_part(wish: Replay, topic: Topic, head: Head) -> None:
    """See that the log has such a part; what is behind its end is empty, and no mistake."""
    if wish.first < 1:
        raise ReplayError(f"The log begins at position 1, not at {wish.first}")
    if wish.first > head.position + 1:
        raise ReplayError(f"The log ends at position {head.position}, before {wish.first}")
    if wish.last < wish.first <= head.position:
        raise ReplayError(f"From position {wish.first} to {wish.last} there is nothing")
    if wish.order_id is not None and topic not in (ORDER_EVENTS, ORDER_STATE):
        raise ReplayError(f"A record of {wish.topic} is not of one order: leave --order out")


def _make(topic: Topic, broker: Broker) -> None:
    """Make the reader's topic if it is missing; one that is there has to be like the original.

    It is not the relay's, which neither makes it anew nor fills it.
    """
    try:
        broker.ensure_topics([topic])
    except InfraError as error:
        if error.code != "topic_mismatch":
            raise
        raise InfraError(
            "topic_mismatch",
            f"There is a topic {topic.name} already, without the {topic.partitions} partitions or "
            f"the cleanup.policy={topic.cleanup} of the original. Nothing was sent there. Name "
            "another one: it is made if it is missing.",
        ) from error


def _is_wanted(message: Message, topic: Topic, wish: Replay) -> bool:
    of_order = wish.order_id is None or message.key == str(wish.order_id).encode()
    return message.topic == topic.name and of_order
