"""A cluster of which some brokers are dead or hang: the one that answers is asked."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from domain.refusals import InfraError
from domain.streaming import Topic
from infra.broker import describe_broker, kafka_arguments, with_one_that_answers
from infra.settings import Settings
from infra.topics import count_partitions, ensure_topics
from tests.support.kafka_cluster import HOST, NOBODY, Other, broker_beside

FENCED = Other(1, NOBODY, is_fenced=True)


def arguments(*servers: str) -> dict[str, Any]:
    return kafka_arguments(Settings(kafka=",".join(servers)))


@contextmanager
def hanging() -> Iterator[Other]:
    """Give a broker that takes connections and answers nothing, not yet known to be dead."""
    with socket.create_server((HOST, 0)) as silent:  # The system takes connections for it.
        yield Other(1, silent.getsockname()[1], is_fenced=False)


def test_a_dead_broker_that_is_listed_first_makes_no_dead_cluster() -> None:
    with broker_beside(FENCED) as server:
        facts = describe_broker(arguments(server))

        assert (facts.server, facts.version, facts.nodes) == (server, "3.9", 2)
        assert with_one_that_answers(arguments(f"{HOST}:{NOBODY}", server)) == arguments(server)


def test_a_broker_that_is_listed_first_and_hangs_makes_no_dead_cluster() -> None:
    with hanging() as first, broker_beside(first) as server:
        begun = monotonic()

        facts = describe_broker(arguments(server), timeout_seconds=2)

        assert (facts.server, facts.nodes) == (server, 2)
        assert monotonic() - begun < 10


def test_topics_are_checked_by_a_broker_that_answers() -> None:
    topic = Topic("topic", partitions=3, cleanup="compact")
    with hanging() as second, broker_beside(FENCED, second._replace(node=2)) as server:
        begun = monotonic()

        with pytest.raises(InfraError) as caught:
            ensure_topics(arguments(server), [topic])

        assert caught.value.code == "topic_mismatch"
        assert "auto.create.topics.enable" not in str(caught.value), "brokers make none: told so"
        assert count_partitions(arguments(server), "topic") == 1
        assert monotonic() - begun < 10
