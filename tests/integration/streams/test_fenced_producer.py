"""The producer of who leads: who began before is refused, and stays so; else as any producer."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from domain.refusals import InfraError
from domain.streaming import PREFIX, Leading, Message
from infra.fenced_producer import FencedProducer
from infra.local_broker import start_local_broker, stop_local_broker
from tests.integration.streams.test_producer import numbered, values
from tests.support.broker import fresh_topic
from tests.support.relays import records_of


@dataclass
class Leaders:
    """Those who lead in turn, under one name."""

    broker: str
    ending: ExitStack
    writer: str = field(default_factory=lambda: f"writer-{uuid4().hex}")
    checks: int = 0
    replaced: bool = False

    def next(self) -> FencedProducer:
        """Give one that may begin; it begins with its first record."""
        leader = FencedProducer(
            {"bootstrap_servers": [self.broker]},
            Leading(self.writer, self._check),
            prefix=PREFIX,
            patience_seconds=4,
        )
        return self.ending.enter_context(closing(leader))

    def _check(self) -> None:
        self.checks += 1
        if self.replaced:
            raise InfraError("not_leading", "another one may lead")


@pytest.fixture
def leaders(broker: str) -> Iterator[Leaders]:
    with ExitStack() as ending:
        yield Leaders(broker, ending)


def test_who_began_before_is_refused_for_ever_and_does_not_disturb_who_came_after(
    leaders: Leaders, broker: str
) -> None:
    topic = fresh_topic(broker, partitions=2)
    former = leaders.next()
    former.publish(numbered(topic, range(3), partition=1))
    latter = leaders.next()
    latter.publish(numbered(topic, range(3, 6), partition=1))

    leaders.replaced = True
    with pytest.raises(InfraError, match=r"(Fenced|InvalidProducerEpoch).*ORDERPATH_KAFKA_PREFIX"):
        former.publish(numbered(topic, range(3), partition=0))
    with pytest.raises(InfraError, match="another one may lead"):
        former.publish(numbered(topic, range(3), partition=1))
    latter.publish(numbered(topic, range(6, 8), partition=1))

    assert values(broker, topic) == [b"%d" % number for number in range(8)]


def test_who_is_replaced_amid_beginning_publishes_nothing(leaders: Leaders, broker: str) -> None:
    topic, leader = fresh_topic(broker), leaders.next()
    check = leader._check

    def lose_it() -> None:
        check()
        leaders.replaced = True

    leader._check = lose_it

    with pytest.raises(InfraError, match="another one may lead"):
        leader.publish(numbered(topic, range(3)))

    assert values(broker, topic) == []
    assert leaders.checks == 2


def test_what_had_no_end_when_another_began_stays_before_it_and_is_undone(
    leaders: Leaders, broker: str
) -> None:
    topic = fresh_topic(broker)
    former = leaders.next()
    former.publish([Message(topic, b"ended")])
    former._producer.begin_transaction()
    former._producer.send(topic, value=b"in hand")
    former._producer.flush(timeout=4)
    latter = leaders.next()
    latter.publish([Message(topic, b"latter")])

    with pytest.raises(InfraError):
        former.publish([Message(topic, b"former")])

    assert values(broker, topic) == [b"ended", b"in hand", b"latter"]
    committed = records_of(broker, topic, isolation_level="read_committed")
    assert [record.value for record in committed] == [b"ended", b"latter"]


def test_after_an_error_it_begins_again_if_it_still_leads(leaders: Leaders, broker: str) -> None:
    topic, leader = fresh_topic(broker), leaders.next()
    with pytest.raises(InfraError, match="nobody-made-this"):
        leader.publish(numbered("nobody-made-this", range(3)))

    leader.publish(numbered(topic, range(3)))

    assert values(broker, topic) == [b"0", b"1", b"2"]
    assert leaders.checks == 4


def test_many_publishes_stand_in_their_order(leaders: Leaders, broker: str) -> None:
    topic, leader = fresh_topic(broker), leaders.next()

    for begin in range(0, 400, 20):
        leader.publish(numbered(topic, range(begin, begin + 20)))

    assert values(broker, topic) == [b"%d" % number for number in range(400)]


@pytest.mark.parametrize("large", [300_000, 2_000_000], ids=["for the broker", "for any"])
def test_a_record_that_is_too_large_is_named_and_left_out_and_the_others_arrive(
    large: int, leaders: Leaders, broker: str
) -> None:
    topic, leader = fresh_topic(broker, max_message_bytes="100000"), leaders.next()
    noise = bytes(
        byte for number in range(large // 4) for byte in (number * 40_503 % 2**32).to_bytes(4)
    )
    too_large = Message(topic, noise, key=b"big")

    with capture_logs() as said:
        leader.publish([*numbered(topic, range(5)), too_large, *numbered(topic, range(5, 9))])
    leader.publish(numbered(topic, range(9, 12)))

    committed = records_of(broker, topic, isolation_level="read_committed")
    assert [record.value for record in committed] == [b"%d" % number for number in range(12)]
    assert [line["key"] for line in said if line["event"] == "record_too_large"] == ["big"]


def test_a_broker_that_stops_is_an_error_and_the_same_producer_serves_when_it_is_back(
    tmp_path: Path, broker: str
) -> None:
    assert broker  # Skipped by name where none starts.
    server = start_local_broker(tmp_path)
    try:
        with ExitStack() as ending:
            leader = Leaders(server, ending).next()
            topic = fresh_topic(server)
            leader.publish(numbered(topic, range(10)))
            stop_local_broker(tmp_path)
            for _ in range(2):
                with pytest.raises(InfraError) as told:
                    leader.publish(numbered(topic, range(10, 20)))
                assert told.value.code == "broker_unavailable"
            start_local_broker(tmp_path)

            leader.publish(numbered(topic, range(10, 20)))

            found = list(dict.fromkeys(values(server, topic)))
            assert found == [b"%d" % number for number in range(20)]
    finally:
        stop_local_broker(tmp_path)
