"""D13: a part of the log is published again for one reader; nobody else notices."""

import json
from contextlib import closing
from uuid import UUID, uuid4

import pytest

from domain.refusals import InfraError
from domain.streaming import CHECKPOINTS, LOG, ORDER_EVENTS, Lane
from infra.event_log import EventLog
from infra.head_source import HeadSource
from infra.log_source import LogSource
from services.audit.checkpoint_lane import CheckpointLane
from services.log_lane import LogLane
from services.public_lane import PublicLane
from services.replay import Replay, ReplayError, replay
from tests.support.broker import fresh_topic
from tests.support.relays import (
    broker_of,
    end_of,
    log_parts,
    open_shop_of_its_own,
    published,
    records_of,
    relaying,
    wait_until_published,
)

NO_NAMES = ("", ".", "..", "bad name!", "zürich", "again\n", "x" * 250)


@pytest.fixture
def orders(database_url: str) -> list[UUID]:
    return open_shop_of_its_own(database_url, orders=12)


def publish_again(wish: Replay, log: EventLog, broker: str, *lanes: Lane) -> int:
    return replay(
        wish,
        head=log.head(),
        lanes=list(lanes),
        broker=broker_of(broker),
        progress=lambda done, total: None,
    )


def test_a_part_of_the_log_is_in_the_other_topic_and_no_position_has_moved(
    database_url: str, orders: list[UUID], log: EventLog, source: LogSource, broker: str
) -> None:
    with relaying(database_url, broker):
        wait_until_published(database_url)
    before = published(database_url), len(records_of(broker, LOG.name))
    wish = Replay(LOG.name, f"again-{uuid4().hex}", first=3, last=9)

    sent = publish_again(wish, log, broker, LogLane(source, until=wish.last))

    parts = log_parts(database_url, broker, wish.to_topic)
    rows = [row for _, found in parts for row in found]
    assert len(parts) == sent
    assert sorted(row.position for row in rows) == list(range(3, 10))
    assert published(database_url) == before[0] == end_of(database_url)


def test_one_order_is_published_again_without_the_others(
    orders: list[UUID], log: EventLog, database_url: str, broker: str
) -> None:
    wish = Replay(ORDER_EVENTS.name, f"again-{uuid4().hex}", 1, end_of(database_url), orders[3])

    sent = publish_again(wish, log, broker, PublicLane(log))

    records = records_of(broker, wish.to_topic)
    assert [record.key.decode() for record in records] == [str(orders[3])] * sent
    assert [json.loads(record.value)["sequence"] for record in records] == ["0000000001"]
    assert published(database_url, "public") == 0


def test_a_second_replay_adds_to_the_topic_and_one_of_another_shape_is_refused(
    orders: list[UUID], log: EventLog, broker: str
) -> None:
    name = f"again-{uuid4().hex}"
    for _ in range(2):
        publish_again(Replay(ORDER_EVENTS.name, name, 1, 5), log, broker, PublicLane(log))
    other = fresh_topic(broker, partitions=2)

    with pytest.raises(InfraError) as told:
        publish_again(Replay(ORDER_EVENTS.name, other, 1, 5), log, broker, PublicLane(log))

    assert told.value.code == "topic_mismatch"
    assert "Name another one" in str(told.value)
    assert "delete the topic" not in str(told.value)
    values = [record.key for record in records_of(broker, name)]
    assert {values.count(key) for key in values} == {2}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Replay("orderpath.results", "again", 1, 5), "no topic that the relay fills"),
        (Replay(LOG.name, ORDER_EVENTS.name, 1, 5), "has readers already"),
        (Replay(LOG.name, "another-shop.orders.events", 1, 5), "has readers already"),
        (Replay(LOG.name, "again.log", 1, 5), "'again' as the prefix .* does not end in .log"),
        (Replay(LOG.name, "__consumer_offsets", 1, 5), "of Kafka's own"),
        *((Replay(LOG.name, name, 1, 5), "is no name of a topic") for name in NO_NAMES),
        (Replay(LOG.name, "orderpath.orders_events", 1, 5), "for orderpath.orders.events"),
        (Replay(LOG.name, "again", 0, 5), "begins at position 1"),
        (Replay(LOG.name, "again", 5, 2), "From position 5 to 2 there is nothing"),
        (Replay(LOG.name, "again", 10**24, 5), "The log ends at position"),
        (Replay(LOG.name, "again", 1, 5, uuid4()), "leave --order out"),
        (Replay(CHECKPOINTS.name, "again", 1, 5, uuid4()), "leave --order out"),
    ],
)
def test_what_cannot_be_published_again_is_said(
    wish: Replay,
    why: str,
    orders: list[UUID],
    log: EventLog,
    source: LogSource,
    database_url: str,
    broker: str,
) -> None:
    with closing(HeadSource(database_url)) as heads:
        lanes = LogLane(source), PublicLane(log), CheckpointLane(heads)
        with pytest.raises(ReplayError, match=why):
            publish_again(wish, log, broker, *lanes)


def test_what_the_log_has_not_come_to_yet_is_nothing_and_no_mistake(
    orders: list[UUID], log: EventLog, source: LogSource, broker: str
) -> None:
    end = log.head().position
    wish = Replay(LOG.name, f"again-{uuid4().hex}", first=end + 1, last=end)

    assert publish_again(wish, log, broker, LogLane(source, until=wish.last)) == 0
