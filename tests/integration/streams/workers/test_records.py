"""Whatever is wrong with the records of the log topic, the tables are what the log says."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from domain.streaming import DEADLETTERS, LOG, Message, named
from infra.log_records import pack, unpack
from tests.integration.projections.world import World, a_day
from tests.integration.streams.workers.following import ALL, Start, assert_equal, await_head
from tests.support.broker import (
    receive,
    send,
    send_bare_header,
    send_unreadable_name,
    spoil_last_batch,
    spoil_last_length,
    spoil_last_offset,
)
from tests.support.faults import Fault
from tests.support.log_feed import LogFeed, open_feed
from tests.support.programs import RunningProgram
from tests.support.topics import make_topics
from tests.support.waiting import wait_for


def with_header(message: Message, name: str, value: bytes) -> Message:
    headers = [(key, value if key == name else old) for key, old in message.headers]
    return replace(message, headers=headers)


def half(message: Message) -> Message:
    assert message.value is not None
    return replace(message, value=message.value[: len(message.value) // 2])


RUIN: tuple[Callable[[Message], Message], ...] = (
    half,
    lambda one: with_header(one, "format", b"2"),
    lambda one: with_header(one, "first", b"1"),
    lambda one: replace(one, headers=()),
    lambda one: replace(one, value=None, key=b"deleted"),
    lambda one: replace(one, value=b"\xff\xfe"),
)


def moved(message: Message, by: int) -> Message:
    """Give the same record of events at later positions."""
    span, rows = unpack(dict(message.headers), message.value)
    first, last = span.first + by, span.last + by
    later = [replace(row, id=row.id + by) for row in rows]
    return pack(later, replace(span, prev=span.prev + by, first=first, last=last))


def renamed(message: Message) -> Message:
    """Give the same record, of events that no program knows."""
    span, rows = unpack(dict(message.headers), message.value)
    return pack([replace(row, topic="order.teleported.v9") for row in rows], span)


def running(start: Start) -> RunningProgram:
    worker = start()
    worker.await_line(ALL)
    return worker


def test_records_that_come_twice_and_out_of_order_change_nothing(
    world: World, feed: LogFeed, start: Start
) -> None:
    running(start)
    a_day(world)
    records = feed.records(events_a_record=2)
    shuffled = [*records, *records]
    Random(3).shuffle(shuffled)
    feed.send(shuffled)
    feed.say_published()

    await_head(world)
    assert_equal(world)


def test_a_record_that_never_came_is_read_from_the_log_when_the_next_one_tells(
    world: World, feed: LogFeed, start: Start
) -> None:
    running(start)
    a_day(world)
    records = feed.records(events_a_record=2)
    last_of = {one.partition: one for one in records}
    feed.send(last_of.values())  # The relay has not said how far it is: no sweep helps.

    await_head(world)
    assert_equal(world)


def test_a_lost_last_record_is_read_from_the_log_within_3_s(
    world: World, feed: LogFeed, start: Start
) -> None:
    running(start)
    a_day(world)
    feed.publish()
    await_head(world)
    a_day(world)
    feed.records()
    feed.say_published()

    await_head(world, seconds=3)
    assert_equal(world)


def test_nothing_above_what_the_relay_has_published_is_read_from_the_log(
    world: World, feed: LogFeed, start: Start
) -> None:
    running(start)
    (order_id,) = a_day(world, 1)
    feed.publish()
    await_head(world)
    published = feed.position
    world.move(order_id, "confirmed", "packed")
    feed.say_published(published + 1)

    projector = world.projector(driver="workers")
    at = f"order-{order_id}"
    (shard,) = {event.shard for event in world.events() if event.stream_id == at}
    wait_for(
        lambda: {p.position for p in projector.pending() if p.shard == shard} == {published + 1},
        "the shard is not where the relay is",
    )
    assert {p.next_position for p in projector.pending() if p.shard == shard} == {published + 2}


def test_records_that_cannot_be_read_are_dead_letters_and_their_events_read_from_the_log(
    world: World, feed: LogFeed, start: Start, broker: str, topics: str
) -> None:
    worker = running(start)
    a_day(world)
    good = feed.records(events_a_record=4)
    feed.send(RUIN[number % len(RUIN)](one) for number, one in enumerate(good))
    feed.say_published()

    await_head(world, seconds=10)
    assert_equal(world)
    dead_letters = receive(broker, named(DEADLETTERS.name, topics), len(good))
    letters = [json.loads(one) for one in dead_letters]
    assert worker.said().count("record_dropped") == len(good)
    assert {one["topic"] for one in letters} == {named(LOG.name, topics)}
    assert {one["partition"] for one in letters} == {one.partition for one in good}
    assert all("is not ours" in one["error"] or "is not what" in one["error"] for one in letters)


def test_a_letter_whose_topic_is_missing_holds_up_no_projection_and_is_sent_at_last(
    world: World, start: Start, broker: str, prefix: str
) -> None:
    make_topics(broker, [LOG], prefix=prefix)
    worker = running(start)
    with open_feed(world.url, broker, prefix) as feed:
        send(broker, named(LOG.name, prefix), b"cut off")
        wait_for(lambda: "record_dropped" in worker.said(), "the record was not dropped")
        for _ in range(4):
            a_day(world)
            feed.publish()
            await_head(world, seconds=5)

    (letter,) = receive(broker, named(DEADLETTERS.name, prefix), 1)
    assert json.loads(letter)["topic"] == named(LOG.name, prefix)
    worker.await_line("dead letters go out again")
    assert worker.count_lines("dead letters wait") == 1
    assert worker.said().count("dead_letters_wait") == 1
    assert_equal(world)


def test_a_header_without_a_value_stops_no_worker(
    world: World, feed: LogFeed, start: Start, broker: str, topics: str
) -> None:
    worker = running(start)
    send_bare_header(broker, named(LOG.name, topics), "epoch")
    wait_for(lambda: "record_dropped" in worker.said(), "the record was not dropped")
    a_day(world)
    feed.publish()

    await_head(world)
    assert_equal(world)


def test_a_header_name_that_is_no_text_stops_no_worker(
    world: World, feed: LogFeed, start: Start, broker: str, topics: str
) -> None:
    both = [start("--id", name) for name in ("one", "two")]
    for worker in both:
        worker.await_line("worker ready, 8 of 16 shards")
    for first in (True, False):
        a_day(world)
        feed.publish()
        for partition in range(LOG.partitions if first else 0):
            place = (broker, named(LOG.name, topics))
            send_unreadable_name(*place, b"alone", partition=partition)
            send_unreadable_name(*place, b"0", b"1", b"2", bad=1, partition=partition)

    await_head(world, seconds=10)
    assert_equal(world)
    receive(broker, named(DEADLETTERS.name, topics), 4 * LOG.partitions)
    assert [worker.process.poll() for worker in both] == [None, None]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(spoil_last_batch, "CorruptRecordException"), (spoil_last_offset, "Misplaced")],
)
def test_a_batch_that_a_disk_has_spoiled_stops_no_worker(
    world: World,
    feed: LogFeed,
    start: Start,
    broker: str,
    broker_folder: Path,
    topics: str,
    fault: Fault,
    spoil: Callable[[Path, str, int], None],
    why: str,
) -> None:
    a_day(world)
    records = feed.records(events_a_record=2)
    feed.send(records)
    shard = records[-1].partition
    assert shard is not None
    spoil(broker_folder, named(LOG.name, topics), shard)
    fault("batch spoiled on the disk")
    both = [start("--id", name) for name in ("one", "two")]
    for worker in both:
        worker.await_line("worker ready, 8 of 16 shards")
    wait_for(lambda: any("record_dropped" in one.said() for one in both), "nothing was dropped")
    a_day(world)
    feed.publish()

    await_head(world, seconds=10)
    assert_equal(world)
    letter = json.loads(receive(broker, named(DEADLETTERS.name, topics), 1)[0])
    assert (letter["topic"], letter["partition"]) == (named(LOG.name, topics), shard)
    assert letter["headers"] == {"unreadable": why}
    assert [worker.process.poll() for worker in both] == [None, None]


def test_what_a_batch_hides_whose_length_is_spoiled_is_read_from_the_log(
    world: World, feed: LogFeed, start: Start, broker_folder: Path, topics: str, fault: Fault
) -> None:
    (order_id,) = a_day(world, 1)
    first = feed.records()
    feed.send(first)
    world.move(order_id, "confirmed")
    (second,) = feed.records()
    feed.send([second])
    assert second.partition in {one.partition for one in first}
    assert second.partition is not None
    spoil_last_length(broker_folder, named(LOG.name, topics), second.partition)
    fault("length of a batch spoiled on the disk")
    worker = running(start)
    a_day(world)
    world.move(order_id, "packed")
    feed.publish()

    await_head(world)
    assert_equal(world)
    assert worker.end() < 5


def test_records_of_another_log_or_of_a_time_before_a_restore_are_dropped(
    world: World, feed: LogFeed, start: Start
) -> None:
    worker = running(start)
    a_day(world)
    records = feed.records()
    others = [with_header(one, "log_id", b"0" * 32) for one in records]
    others += [with_header(one, "epoch", b"99") for one in records]
    set_back = [moved(one, by=1_000) for one in records]
    feed.send([*others, *set_back, *records])
    feed.say_published()

    await_head(world)
    assert_equal(world)
    assert worker.said().count("record_dropped") == len(others) + len(set_back)


def test_unknown_events_of_another_log_or_of_a_time_before_a_restore_stop_no_worker(
    world: World, feed: LogFeed, start: Start, broker: str, topics: str
) -> None:
    worker = running(start)
    a_day(world)
    records = feed.records()
    strange = [renamed(one) for one in records]
    others = [with_header(one, "log_id", b"0" * 32) for one in strange]
    others += [with_header(one, "epoch", b"99") for one in strange]
    others += [moved(one, by=1_000) for one in strange]
    feed.send([*others, *records])
    feed.say_published()

    await_head(world, seconds=10)
    assert_equal(world)
    letters = receive(broker, named(DEADLETTERS.name, topics), len(others))
    assert {json.loads(one)["error"] for one in letters} == {
        "A record of the log topic is not ours: this log does not hold it"
    }
    assert "newer_version" not in worker.said()
