"""Kafka of an erased customer: commands that were sent there in clear are deleted once they are
decided, whenever Kafka is there; and what downstream knows of the orders is told anew."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from kafka import (
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from pydantic_core import from_json

from domain.customers import commands as k
from domain.orders import events as e
from domain.refusals import InfraError
from domain.streaming import COMMANDS, COMMANDS_GROUP, ORDER_STATE, named
from infra.event_log import EventLog, open_log
from services.bootstrap import Settings, System, open_system
from services.public_lane import PublicLane
from services.sweeping import sweep_topics
from tests.support.examples import actor
from tests.support.loads import note, place, publish
from tests.support.topics import drop_topics, make_topics

MARK: Final = "Zebra-4711"
ANNA: Final = e.Customer(customer_id="c-7", name=MARK, phone="+7 900 000-00-00")


@pytest.fixture
def prefix(broker: str) -> Iterator[str]:
    chosen = f"shop-{uuid4().hex[:8]}"
    make_topics(broker, (COMMANDS,), prefix=chosen)
    yield chosen
    drop_topics(broker, (COMMANDS,), prefix=chosen)


def opened(url: str, folder: Path, broker: str, prefix: str) -> Any:
    return open_system(
        Settings(database_url=url, data_dir=folder, kafka=broker, kafka_prefix=prefix)
    )


@pytest.fixture
def system(database_url: str, tmp_path: Path, broker: str, prefix: str) -> Iterator[System]:
    with opened(database_url, tmp_path, broker, prefix) as chosen:
        chosen.execute(publish())
        chosen.execute(place(customer=ANNA))
        yield chosen


def erase(system: System) -> None:
    command = k.EraseCustomer(
        command_id=uuid4(), actor=actor(), customer_id="c-7", reason_code="customer_asked"
    )
    assert system.execute(command).kind == "accepted"


def send(broker: str, prefix: str, *texts: str) -> None:
    """Send commands to the first partition, as somebody does who writes to the shop."""
    with closing(KafkaProducer(bootstrap_servers=[broker])) as producer:
        for text in texts:
            producer.send(named(COMMANDS.name, prefix), text.encode(), partition=0).get(30)


def take(broker: str, prefix: str, commands: int, topic_id: str | None = None) -> None:
    """Say that so many were decided, of the topic that is there or of one that was."""
    group, part = named(COMMANDS_GROUP, prefix), TopicPartition(named(COMMANDS.name, prefix), 0)
    known = topic_id or id_of_topic(broker, prefix)
    with closing(KafkaConsumer(bootstrap_servers=[broker], group_id=group)) as consumer:
        consumer.assign([part])
        consumer.commit({part: OffsetAndMetadata(commands, known, -1)})


def id_of_topic(broker: str, prefix: str) -> str:
    with closing(KafkaAdminClient(bootstrap_servers=[broker])) as admin:
        (described,) = admin.describe_topics([named(COMMANDS.name, prefix)])
    return str(described["topic_id"])


def left(broker: str, prefix: str) -> list[str]:
    """Give what can still be read."""
    part = TopicPartition(named(COMMANDS.name, prefix), 0)
    with closing(KafkaConsumer(bootstrap_servers=[broker])) as consumer:
        consumer.assign([part])
        consumer.seek_to_beginning(part)
        (end,) = consumer.end_offsets([part]).values()
        found: list[str] = []
        while consumer.position(part) < end:
            records = consumer.poll(timeout_ms=200).get(part, [])
            found += [record.value.decode() for record in records]
    return found


def test_commands_that_were_decided_are_deleted_and_the_others_once_they_are(
    system: System, broker: str, prefix: str
) -> None:
    send(broker, prefix, f"one {MARK}", f"two {MARK}", f"not yet {MARK}")
    take(broker, prefix, 2)
    erase(system)

    assert sweep_topics(system) == 1
    assert left(broker, prefix) == [f"not yet {MARK}"]
    take(broker, prefix, 3)
    send(broker, prefix, "of another time")
    assert sweep_topics(system) == 0

    assert left(broker, prefix) == ["of another time"]
    assert sweep_topics(system) == 0


def test_what_was_decided_of_a_topic_that_is_gone_says_nothing_of_the_one_made_anew(
    system: System, broker: str, prefix: str
) -> None:
    """A consumer that had a batch in hand commits it late, under the same name."""
    former = id_of_topic(broker, prefix)
    drop_topics(broker, (COMMANDS,), prefix=prefix)
    make_topics(broker, (COMMANDS,), prefix=prefix)
    send(broker, prefix, "nobody has read this")
    take(broker, prefix, 50, topic_id=former)
    erase(system)

    assert sweep_topics(system) == 1

    assert left(broker, prefix) == ["nobody has read this"]


def test_without_an_erasure_nothing_is_deleted(system: System, broker: str, prefix: str) -> None:
    send(broker, prefix, "one")
    take(broker, prefix, 1)

    assert sweep_topics(system) == 0
    assert left(broker, prefix) == ["one"]


def test_while_kafka_is_away_the_sweep_waits_and_is_done_by_the_next_one(
    system: System, database_url: str, tmp_path: Path, broker: str, prefix: str
) -> None:
    send(broker, prefix, MARK)
    take(broker, prefix, 1)
    erase(system)
    with opened(database_url, tmp_path, "127.0.0.1:1", prefix) as cut_off:
        with pytest.raises(InfraError) as error:
            sweep_topics(cut_off)
        assert error.value.code == "broker_unavailable"

    assert sweep_topics(system) == 0
    assert left(broker, prefix) == []


def test_a_topic_that_nobody_reads_or_that_is_gone_holds_up_nothing(
    system: System, broker: str, prefix: str
) -> None:
    erase(system)
    drop_topics(broker, (COMMANDS,), prefix=prefix)

    assert sweep_topics(system) == 0


def test_the_state_of_each_order_is_told_anew_behind_the_erasure(
    database_url: str, system: System, log: EventLog
) -> None:
    """In the compacted topic the new record takes the place of the one that told the contact."""
    order_id = uuid4()
    for command in (place(order_id, customer=ANNA), note(order_id)):
        assert system.execute(command).kind == "accepted"
    with closing(open_log(database_url, role="orderpath_projector")) as reader:
        lane = PublicLane(reader, opener=log)
        lane.begin(reader.head(), 0)
        assert states(lane)[order_id]["contact"]["name"] == MARK
        system.catch_up()

        erase(system)

        told = states(lane)
    assert order_id in told
    assert {tuple(state["contact"].values()) for state in told.values()} == {
        ("[erased]", "[erased]")
    }


def test_the_state_is_told_anew_also_where_contacts_are_told_no_more(
    database_url: str, system: System
) -> None:
    """They once were: the record that has them goes when the topic is compacted."""
    order_id = uuid4()
    assert system.execute(place(order_id, customer=ANNA)).kind == "accepted"
    system.catch_up()
    with closing(open_log(database_url, role="orderpath_projector")) as reader:
        lane = PublicLane(reader)
        lane.begin(reader.head(), reader.head().position)

        erase(system)

        told = states(lane)
    assert order_id in told
    assert not any(state.get("contact") for state in told.values())


def states(lane: PublicLane) -> dict[UUID, Any]:
    """Give the states that come next, by order."""
    found = {}
    while (outgoing := lane.next()) is not None:
        for one in outgoing.messages:
            if one.topic == ORDER_STATE.name and one.key is not None:
                found[UUID(one.key.decode())] = from_json(one.value or b"")
    return found
