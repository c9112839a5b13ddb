"""Whatever is killed, frozen or away: each command has its one outcome and its answer, in order."""

import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from time import monotonic
from uuid import UUID

import pytest

from consumers.unpacking import MAX_UNPACKED_BYTES
from domain.messages import Command
from domain.streaming import COMMANDS, DEADLETTERS, RESULTS, Topic
from domain.wire import encode
from infra.embedded import start_embedded, stop_embedded
from infra.local_broker import start_local_broker, stop_local_broker
from infra.migrate import migrate
from tests.support.broker import (
    kill_broker,
    send_batch,
    send_unreadable_name,
    spoil_last_batch,
    spoil_last_epoch,
    spoil_last_length,
    spoil_last_offset,
)
from tests.support.command_crashes import STEPS, Step, take_commands_and_die
from tests.support.command_worker import (
    OURS,
    TAKING,
    Shop,
    commit,
    committed,
    delete_topics,
    eventually,
    fresh_topics,
    listening,
    under_load,
)
from tests.support.examples import PATH
from tests.support.faults import Fault
from tests.support.loads import move, note, open_shop
from tests.support.postgres import hanging_log
from tests.support.processes import Writer, leaving, listen, restart_at_once

ALL_PARTITIONS = ", ".join(map(str, range(16)))


def wishes(orders: list[UUID], seed: int = 1) -> Iterator[Command]:
    """Give commands for shared orders without end; some come again, as from a sender in doubt."""
    random = Random(seed)
    sent: list[Command] = []
    while True:
        kind = random.random()
        if kind < 0.1 and sent:
            yield random.choice(sent[-100:])
            continue
        order_id = random.choice(orders)
        wish = note(order_id) if kind < 0.6 else move(order_id, random.choice([*PATH.statuses]))
        sent.append(wish)
        yield wish


@pytest.mark.parametrize("step", STEPS)
def test_a_consumer_that_dies_at_any_step_loses_nothing(
    shop: Shop, step: Step, fault: Fault
) -> None:
    orders = open_shop(shop.url, 4)
    sent = [note(orders[number % 4]) for number in range(40)]
    shop.send(sent)

    dying = Writer(take_commands_and_die, shop.url, shop.broker, shop.folder, step)
    with leaving([dying]) as writers:
        listen(writers, lambda: dying.ended)
        fault("commands consumer killed")

    stored = shop.stored().keys() & {command.command_id for command in sent}
    assert bool(stored) == (step != "before the outcomes")
    assert not shop.committed()
    shop.take_commands()
    answers = shop.assert_nothing_lost(sent)
    repeated = [one["repeated"] for said in answers.values() for one in said]
    assert any(repeated) == (step != "before the outcomes")
    assert all(len(said) <= 2 for said in answers.values())


def test_killed_again_and_again_under_load_it_loses_nothing(
    shop: Shop, rounds: int, fault: Fault
) -> None:
    orders = open_shop(shop.url, 40)
    random = Random(7)
    with under_load(shop, wishes(orders)) as sent:
        for _ in range(rounds):
            goal = len(shop.stored()) + random.randrange(300)
            worker = shop.take_commands()
            eventually(lambda goal=goal: len(shop.stored()) >= goal, "it is at work")  # type: ignore[misc]
            worker.kill()
            fault("commands consumer killed")
    worker = shop.take_commands()

    shop.assert_nothing_lost(sent)

    assert len(sent) > 100 * rounds
    assert worker.end()[0] == 0


def test_a_consumer_frozen_past_its_session_and_woken_does_no_harm(
    shop: Shop, fault: Fault
) -> None:
    orders = open_shop(shop.url, 40)
    frozen = shop.take_commands()
    with under_load(shop, wishes(orders)) as sent:
        before = len(shop.stored())
        eventually(lambda: len(shop.stored()) > before, "it is at work")
        frozen.send(signal.SIGSTOP)
        fault("commands consumer frozen")
        other = shop.start()
        other.await_line(f"{TAKING} {ALL_PARTITIONS}")
        before = len(shop.stored())
        said = (sent, frozen.complained, other.said, other.complained)
        eventually(lambda: len(shop.stored()) > before + 500, "the other one does the work", *said)
        frozen.send(signal.SIGCONT)
        frozen.await_line(TAKING, times=2)

    shop.assert_nothing_lost(sent)
    assert [worker.end()[0] for worker in (frozen, other)] == [0, 0]


def test_consumers_that_join_and_leave_lose_nothing(shop: Shop, fault: Fault) -> None:
    orders = open_shop(shop.url, 40)
    first = shop.take_commands()
    with under_load(shop, wishes(orders)) as sent:
        second = shop.take_commands()
        assert second.end()[0] == 0
        first.await_line(f"{TAKING} {ALL_PARTITIONS}", times=2)
        third = shop.take_commands()
        third.kill()
        fault("commands consumer killed")
        first.await_line(f"{TAKING} {ALL_PARTITIONS}", times=3)

    shop.assert_nothing_lost(sent)
    assert first.end()[0] == 0


@pytest.mark.parametrize("gone", [(RESULTS,), OURS], ids=["results", "all"])
def test_topics_that_are_deleted_are_made_anew_within_a_minute(
    shop: Shop, fault: Fault, gone: tuple[Topic, ...]
) -> None:
    orders = open_shop(shop.url, 4)
    first, second = ([note(order_id) for order_id in orders] for _ in range(2))
    worker = shop.take_commands()
    shop.send(first)
    shop.assert_nothing_lost(first)

    delete_topics(shop.broker, gone)
    fault("topics deleted")
    began = monotonic()
    worker.await_line("anew, which were gone")
    shop.send(second)

    shop.assert_nothing_lost(second)
    assert monotonic() - began < 60
    assert worker.end()[0] == 0


@pytest.mark.parametrize("sleep", ["frozen", "killed"])
def test_a_topic_that_was_made_anew_is_read_from_its_beginning_however_far_the_old_one_was_read(
    shop: Shop, fault: Fault, sleep: str
) -> None:
    orders = open_shop(shop.url, 4)
    first, second = ([note(order_id) for order_id in orders * 3] for _ in range(2))
    worker = shop.take_commands()
    shop.send(first)
    shop.assert_nothing_lost(first)
    read = committed(shop.broker)

    worker.send(signal.SIGSTOP if sleep == "frozen" else signal.SIGKILL)
    fresh_topics(shop.broker)
    fault("topics deleted")
    shop.send(second)  # As many in each partition: the new topic ends where the old one did.
    if sleep == "frozen":
        worker.send(signal.SIGCONT)
    else:
        commit(shop.broker, read)  # As whoever was about to when the topic went.
        worker = shop.take_commands()

    eventually(lambda: shop.stored().keys() >= {one.command_id for one in second}, "all are read")
    assert worker.end()[0] == 0
    shop.assert_nothing_lost(second)


@pytest.mark.parametrize("killed", [False, True])
def test_a_header_name_that_is_no_text_holds_up_no_command(
    shop: Shop, fault: Fault, killed: bool
) -> None:
    keyed, batched = open_shop(shop.url, 2)
    before, after = ([note(keyed) for _ in range(20)] for _ in range(2))
    together = [note(batched) for _ in range(9)]
    if not killed:
        shop.take_commands()
    shop.send(before)
    for partition in range(COMMANDS.partitions):
        send_unreadable_name(shop.broker, COMMANDS.name, b"{}", partition=partition)
    send_unreadable_name(shop.broker, COMMANDS.name, *map(encode, together), bad=4)
    if killed:
        worker = shop.take_commands()
        eventually(lambda: bool(shop.stored().keys() & {before[0].command_id}), "it is at work")
        worker.kill()
        shop.take_commands()
    fault("header name that is no text")
    shop.send(after)

    shop.assert_nothing_lost([*before, *together, *after])
    with listening(shop.broker, DEADLETTERS.name) as letters:
        letters.hear_until(lambda heard: len(heard) >= COMMANDS.partitions, "dead letters")
    places = {one.origin.rpartition("/")[0] for one in letters.heard}
    assert places == {f"{COMMANDS.name}/{number}" for number in range(COMMANDS.partitions)}


@pytest.mark.parametrize("last", [False, True])
def test_a_batch_that_a_disk_has_spoiled_is_told_by_place_and_holds_up_no_command(
    shop: Shop, broker_folder: Path, fault: Fault, last: bool
) -> None:
    place = (shop.broker, COMMANDS.name)
    orders = open_shop(shop.url, 16)
    before, lost, after = ([note(orders[0]) for _ in range(5)] for _ in range(3))
    elsewhere = [note(order_id) for order_id in orders[1:]]
    send_batch(*place, *map(encode, before), partition=6)
    send_batch(*place, *map(encode, lost), partition=6)
    spoil_last_batch(broker_folder, COMMANDS.name, 6)
    fault("batch spoiled on the disk")
    if not last:
        send_batch(*place, *map(encode, after), partition=6)
    shop.take_commands()
    shop.send(elsewhere)

    assert_told_by_place(shop, [f"{COMMANDS.name}/6/{offset}" for offset in range(5, 10)])
    if last:
        send_batch(*place, *map(encode, after), partition=6)
    shop.assert_nothing_lost([*before, *after, *elsewhere])
    assert not shop.stored().keys() & {one.command_id for one in lost}


def test_a_batch_whose_length_is_spoiled_holds_up_the_commands_of_its_partition_only(
    shop: Shop, broker_folder: Path, fault: Fault
) -> None:
    (order_id,) = open_shop(shop.url, 1)
    hidden, around = note(order_id), [[note(order_id) for _ in range(5)] for _ in range(7)]
    send_batch(shop.broker, COMMANDS.name, *map(encode, around[6]), partition=6)
    send_batch(shop.broker, COMMANDS.name, encode(hidden), partition=6)
    spoil_last_length(broker_folder, COMMANDS.name, 6)
    fault("length of a batch spoiled on the disk")
    worker = shop.take_commands()
    for partition, sent in enumerate(around[:6]):
        send_batch(shop.broker, COMMANDS.name, *map(encode, sent), partition=partition)

    with listening(shop.broker, RESULTS.name) as results:
        results.hear_answers_to(one.command_id for sent in around for one in sent)
    assert hidden.command_id not in shop.stored()
    assert worker.end()[0] == 0


def test_a_batch_whose_leader_epoch_is_spoiled_is_taken_once(
    shop: Shop, broker_folder: Path, fault: Fault
) -> None:
    orders = open_shop(shop.url, 8)
    sent = [note(order_id) for order_id in orders[:4]]
    send_batch(shop.broker, COMMANDS.name, *map(encode, sent), partition=6)
    spoil_last_epoch(broker_folder, COMMANDS.name, 6)
    fault("leader epoch of a batch spoiled on the disk")
    shop.take_commands()
    for _ in range(3):
        later = [note(order_id) for order_id in orders[4:]]  # Elsewhere, so of other orders.
        send_batch(shop.broker, COMMANDS.name, *map(encode, later), partition=5)
        answers = shop.assert_nothing_lost([*sent, *later])

    assert {len(said) for said in answers.values()} == {1}


def test_a_batch_whose_first_offset_is_spoiled_is_told_by_place_and_holds_up_no_command(
    shop: Shop, broker_folder: Path, fault: Fault
) -> None:
    place = (shop.broker, COMMANDS.name)
    orders = open_shop(shop.url, 4)
    before, lost, after = ([note(order_id) for order_id in orders] for _ in range(3))
    send_batch(*place, *map(encode, before), partition=6)
    send_batch(*place, *map(encode, lost), partition=6)
    spoil_last_offset(broker_folder, COMMANDS.name, 6)
    fault("first offset of a batch spoiled on the disk")
    shop.take_commands()

    assert_told_by_place(shop, [f"{COMMANDS.name}/6/{offset}" for offset in range(4, 8)])
    send_batch(*place, *map(encode, after), partition=6)
    shop.assert_nothing_lost([*before, *after])
    assert not shop.stored().keys() & {one.command_id for one in lost}


def test_a_batch_of_a_codec_that_is_missing_is_told_by_place_and_holds_up_no_command(
    shop: Shop, fault: Fault
) -> None:
    orders = open_shop(shop.url, 16)
    unread, around = [note(orders[0]) for _ in range(5)], [note(one) for one in orders]
    packed = [encode(one) + b" " * 500 for one in unread]  # else it is not worth packing
    send_batch(shop.broker, COMMANDS.name, *packed, partition=6, codec="snappy")
    fault("batch of a codec that is missing")
    shop.start("tests.support.without_snappy").await_line(TAKING)
    shop.send(around)

    assert_told_by_place(shop, [f"{COMMANDS.name}/6/{offset}" for offset in range(5)])
    shop.assert_nothing_lost(around)


def test_a_batch_that_unpacks_to_far_more_than_it_is_is_told_by_place_and_holds_up_no_command(
    shop: Shop, fault: Fault
) -> None:
    around = [note(one) for one in open_shop(shop.url, 16)]
    large = b" " * (4 * MAX_UNPACKED_BYTES)
    send_batch(shop.broker, COMMANDS.name, large, partition=6, codec="zstd")
    fault("small batch that is large once it is unpacked")
    shop.take_commands()
    shop.send(around)

    assert_told_by_place(shop, [f"{COMMANDS.name}/6/0"])
    shop.assert_nothing_lost(around)


def assert_told_by_place(shop: Shop, origins: list[str]) -> None:
    """Wait until an answer and a dead letter tell of each record that it could not be read."""
    for topic in (RESULTS, DEADLETTERS):
        with listening(shop.broker, topic.name) as heard:
            heard.hear_until(
                lambda told: {*origins} <= {one.origin for one in told}, f"{topic.name} tells"
            )
        told = [one.said.get("answer", one.said) for one in heard.heard if one.origin in origins]
        assert [one["unmet"][0]["code"] for one in told] == ["command_spoiled"] * len(origins)


def test_a_consumer_that_starts_before_kafka_waits_for_it(
    shop: Shop, broker_folder: Path, fault: Fault
) -> None:
    (order_id,) = open_shop(shop.url, 1)
    shop.send([note(order_id)])
    stop_local_broker(broker_folder)
    fault("Kafka away at the start")
    worker = shop.start()
    worker.await_line("waiting for Kafka")
    other = shop.start()
    other.await_line("waiting for Kafka")
    assert other.end()[0] == 0

    assert start_local_broker(broker_folder) == shop.broker
    worker.await_line(TAKING)
    eventually(shop.committed, "all is committed")


def test_it_says_once_that_kafka_is_away_and_once_that_it_is_back(
    shop: Shop, broker_folder: Path, fault: Fault
) -> None:
    worker = shop.take_commands()
    stop_local_broker(broker_folder)
    fault("Kafka away")
    worker.await_line("Kafka is away: ")

    start_local_broker(broker_folder)
    worker.await_line("Kafka is back")

    assert sum("Kafka is away" in line for line in worker.said) == 1
    assert worker.complained == []


def test_a_broker_that_is_killed_and_started_again_loses_nothing(
    shop: Shop, broker_folder: Path, fault: Fault
) -> None:
    sent = list(islice(wishes(open_shop(shop.url, 40)), 3_000))
    shop.send(sent)
    worker = shop.take_commands()
    before = len(shop.stored())
    eventually(lambda: len(shop.stored()) > before, "it is at work")

    kill_broker(broker_folder)
    fault("broker killed")
    eventually(lambda: "commands_wait" in "".join(worker.complained), "it waits", worker.complained)
    start_local_broker(broker_folder)

    shop.assert_nothing_lost(sent)
    assert worker.end()[0] == 0


@pytest.fixture
def lasting_shop(shop: Shop, tmp_path: Path) -> Iterator[Shop]:
    """The same on a server of its own, which can be restarted, and keeps what it was given."""
    data_dir = tmp_path / "database"
    shop.url = start_embedded(data_dir)
    migrate(shop.url)
    yield shop
    shop.leave()
    stop_embedded(data_dir)


def test_a_database_that_is_restarted_is_waited_for(
    lasting_shop: Shop, tmp_path: Path, fault: Fault
) -> None:
    orders = open_shop(lasting_shop.url, 40)
    worker = lasting_shop.take_commands()
    with under_load(lasting_shop, wishes(orders)) as sent:
        for _ in range(3):
            before = len(lasting_shop.stored())
            eventually(
                lambda before=before: len(lasting_shop.stored()) > before + 200,  # type: ignore[misc]
                "it goes on",
            )
            restart_at_once(tmp_path / "database")
            fault("PostgreSQL crashed and restarted")

    lasting_shop.assert_nothing_lost(sent)
    assert worker.end()[0] == 0


def test_a_database_that_is_away_holds_up_neither_the_batch_nor_the_end(
    lasting_shop: Shop, tmp_path: Path, fault: Fault
) -> None:
    orders = open_shop(lasting_shop.url, 4)
    worker = lasting_shop.take_commands()
    stop_embedded(tmp_path / "database")
    fault("PostgreSQL away")
    sent = [note(orders[number % 4]) for number in range(40)]
    lasting_shop.send(sent)
    eventually(lambda: "database_away" in "".join(worker.complained), "it waits", worker.complained)

    code, seconds = worker.end()

    assert code == 0
    assert seconds < 5
    with listening(lasting_shop.broker, RESULTS.name) as results:
        assert results.hear_all() == []
    start_embedded(tmp_path / "database")
    lasting_shop.take_commands()
    lasting_shop.assert_nothing_lost(sent)


def test_a_consumer_ends_within_10_s_while_the_database_hangs(shop: Shop, fault: Fault) -> None:
    orders = open_shop(shop.url, 4)
    worker = shop.take_commands()
    sent = [note(orders[number % 4]) for number in range(40)]
    with hanging_log(shop.url) as is_waited_for:
        shop.send(sent)
        eventually(is_waited_for, "it waits for the log")
        fault("PostgreSQL hangs")

        code, seconds = worker.end()

    assert code == 0
    assert seconds < 10
    shop.take_commands()
    shop.assert_nothing_lost(sent)
