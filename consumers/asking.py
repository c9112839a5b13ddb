"""Lets consumers ask for a topic without making it.

Brokers with auto.create.topics.enable=true, which is Kafka's default, make a missing topic for
whoever asks for it, with partitions of their own choosing, unless the question says not to.
"""

from typing import Any, Final

from aiokafka import client
from aiokafka.protocol.metadata import MetadataRequest
from kafka import KafkaConsumer

SETTING: Final = "allow_auto_create_topics"


def make_no_topics(consumer: KafkaConsumer) -> None:
    """Let a consumer that has asked for no topic yet say so: 3.0.12 forgets its own setting."""
    consumer._cluster.config[SETTING] = False


def let_aiokafka_make_no_topics() -> None:
    """Let every question of aiokafka, and so of Faust, say so: it has no setting for it."""
    client.MetadataRequest = _Question


class _Question(MetadataRequest):  # type: ignore[misc]  # aiokafka ships no types.
    def __init__(self, topics: Any = None) -> None:
        super().__init__(topics, allow_auto_topic_creation=False)
