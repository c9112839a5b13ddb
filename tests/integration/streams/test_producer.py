"""The producer: acknowledged or an error, never a wait without end, and as new after an error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.refusals import InfraError
from domain.streaming import Message
from infra.local_broker import start_local_broker, stop_local_broker
from infra.producer import IdempotentProducer
from tests.support.broker import fresh_topic
from tests.support.relays import records_of


@pytest.fixture
def arguments(broker: str) -> dict[str, Any]:
    return {"bootstrap_servers": [broker]}


@pytest.fixture
def producer(arguments: dict[str, Any]) -> Iterator[IdempotentProducer]:
    made = IdempotentProducer(arguments, patience_seconds=4)
    yield made
    made.close()


def numbered(topic: str, numbers: range, **more: Any) -> list[Message]:
    return [Message(topic, b"%d" % number, **more) for number in numbers]


def values(server: str, topic: str) -> list[bytes]:
    return [record.value for record in records_of(server, topic)]


def test_what_is_published_stands_in_the_topic_in_its_order(
    producer: IdempotentProducer, broker: str
) -> None:
    topic = fresh_topic(broker, partitions=2)

    producer.publish(numbered(topic, range(500), partition=1))
    producer.publish(numbered(topic, range(500, 1_000), partition=1))

    assert values(broker, topic) == [b"%d" % number for number in range(1_000)]


def test_key_headers_and_an_empty_value_arrive(producer: IdempotentProducer, broker: str) -> None:
    topic = fresh_topic(broker)

    producer.publish([Message(topic, None, key=b"order", headers=[("last", b"7")])])

    (record,) = records_of(broker, topic)
    assert (record.key, record.value, list(record.headers)) == (b"order", None, [("last", b"7")])


def test_nothing_to_publish_needs_no_broker() -> None:
    IdempotentProducer({"bootstrap_servers": ["127.0.0.1:9"]}).publish([])


@pytest.mark.parametrize("large", [300_000, 2_000_000], ids=["for the broker", "for any"])
def test_a_record_that_is_too_large_is_named_and_left_out_and_the_others_arrive(
    large: int, producer: IdempotentProducer, broker: str
) -> None:
    topic = fresh_topic(broker, max_message_bytes="100000")
    noise = bytes(
        byte for number in range(large // 4) for byte in (number * 40_503 % 2**32).to_bytes(4)
    )
    too_large = Message(topic, noise, key=b"big", headers=[("first", b"9")])

    with capture_logs() as said:
        producer.publish([*numbered(topic, range(5)), too_large, *numbered(topic, range(5, 9))])

    found = list(dict.fromkeys(values(broker, topic)))  # Without repeats.
    assert found == [b"%d" % number for number in range(9)]
    (named,) = [line for line in said if line["event"] == "record_too_large"]
    assert (named["topic"], named["key"], named["headers"]) == (topic, "big", {"first": "9"})


def test_a_topic_that_is_missing_ends_in_an_error_and_the_next_one_is_served(
    producer: IdempotentProducer, broker: str
) -> None:
    topic = fresh_topic(broker)

    with pytest.raises(InfraError, match="nobody-made-this") as told:
        producer.publish(numbered("nobody-made-this", range(3)))
    producer.publish(numbered(topic, range(3)))

    assert told.value.code == "broker_unavailable"
    assert values(broker, topic) == [b"0", b"1", b"2"]


def test_a_broker_that_stops_is_an_error_and_the_same_producer_serves_when_it_is_back(
    tmp_path: Path, broker: str
) -> None:
    assert broker  # Skipped by name where none starts.
    server = start_local_broker(tmp_path)
    producer = IdempotentProducer({"bootstrap_servers": [server]}, patience_seconds=4)
    try:
        topic = fresh_topic(server)
        producer.publish(numbered(topic, range(10)))
        stop_local_broker(tmp_path)
        for _ in range(2):
            with pytest.raises(InfraError) as told:
                producer.publish(numbered(topic, range(10, 20)))
            assert told.value.code == "broker_unavailable"
        start_local_broker(tmp_path)

        producer.publish(numbered(topic, range(10, 20)))

        found = list(dict.fromkeys(values(server, topic)))
        assert found == [b"%d" % number for number in range(20)]
    finally:
        producer.close()
        stop_local_broker(tmp_path)
