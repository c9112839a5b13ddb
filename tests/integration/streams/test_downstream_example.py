"""D13: the example for downstream keeps its table right, whatever comes from Kafka."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewPartitions

from domain.messages import Actor
from domain.orders import commands as c
from domain.streaming import ORDER_STATE, Message, Topic
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.public_lane import PublicLane
from tests.chaos.proof import assert_states_as_in_tables
from tests.integration.reports.small_shop import (
    IMPORT,
    RANKS,
    START,
    after,
    fact_id,
    order_id,
    tell,
)
from tests.support.broker import ROOM_SECONDS, fresh_topic
from tests.support.command_line import ROOT, Here
from tests.support.examples import TEA
from tests.support.faults import Fault
from tests.support.topics import make_topics
from tests.support.waiting import wait_for

EXAMPLE: Final = ROOT / "docs/examples/downstream_consumer.py"
WHO: Final = Actor(kind="user", id="ann", roles=("manager", "lead"))
ORDERS: Final = 30


@pytest.fixture
def shop(database_url: str) -> Iterator[System]:
    """Orders that were placed and moved here, and some that others tell of, not in their order."""
    clock = VirtualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    with open_system(Settings(database_url=database_url), clock) as system:
        for number in range(ORDERS):
            place(system, number)
        for number in range(ORDERS):
            name = f"told-{number}"
            tell(system, name, ("placed", START), ("shipped", after(days=3)), price_minor=number)
            if number % 3 == 0:  # What came later happened before.
                hears(system, name, "delivered" if number % 2 else "approved")
        yield system


def place(system: System, number: int) -> None:
    """Place an order; every second is cancelled, every fifth a test, which no report counts."""
    order = {"actor": WHO, "order_id": UUID(int=number)}
    line = TEA.model_copy(update={"quantity": 1 + number % 4})
    commands = [
        c.PlaceOrder(
            command_id=UUID(int=1_000 + number),
            path="universal",
            currency="EUR",
            lines=(line,),
            **order,
        )
    ]
    more: list[Any] = []
    if number % 2:
        why = {"reason_code": "changed_mind", "initiator": "client", "reason": "because"}
        more.append(c.CancelOrder(command_id=UUID(int=2_000 + number), **order, **why))
    if number % 5 == 0:
        more.append(c.MarkTest(command_id=UUID(int=3_000 + number), **order))
    for command in (*commands, *more):
        outcome = system.execute(command)
        assert outcome.kind == "accepted", outcome


def hears(system: System, name: str, status: str) -> None:
    """Learn what happened between what is known."""
    fact = c.StatusFact(
        fact_id=fact_id(name, status),
        occurred_at=after(days=5 if status == "delivered" else 1),
        status=status,
        rank=RANKS.index(status),
    )
    command = c.RecordFacts(
        command_id=fact_id(name, "later"),
        actor=IMPORT,
        order_id=order_id(name),
        path="olist",
        facts=(fact,),
    )
    assert system.execute(command).kind == "accepted"


def published(system: System, after_position: int = 0, *, batch: int = 7) -> list[Message]:
    """Give the states as the relay publishes them from a position on."""
    lane = PublicLane(system.projection_log, batch_events=batch)
    lane.begin(system.projection_log.head(), after_position)
    found: list[Message] = []
    while (outgoing := lane.next()) is not None:
        found += [one for one in outgoing.messages if one.topic == ORDER_STATE.name]
    return found


@dataclass
class Downstream:
    """Somebody else's program, its table and the topic that it reads."""

    broker: str
    topic: str
    file: Path

    def receives(self, messages: Sequence[Message]) -> None:
        with KafkaProducer(bootstrap_servers=[self.broker], acks="all") as producer:
            sent = [producer.send(self.topic, one.value, key=one.key) for one in messages]
            for future in sent:
                future.get(timeout=ROOM_SECONDS)

    def command(self, *options: str) -> list[str]:
        return [sys.executable, str(EXAMPLE), self.broker, self.topic, str(self.file), *options]

    def totals(self) -> dict[str, list[int]]:
        """Let it read to the end; say orders and their worth by status."""
        done = subprocess.run(
            self.command("--once"),
            capture_output=True,
            text=True,
            check=False,
            timeout=ROOM_SECONDS,
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        found: dict[str, list[int]] = json.loads(done.stdout)
        return found

    @contextmanager
    def reading(self) -> Iterator["subprocess.Popen[str]"]:
        """Let it read until it is killed."""
        with subprocess.Popen(self.command(), stderr=subprocess.PIPE, text=True) as running:
            try:
                yield running
            finally:
                running.kill()

    def is_killed_while_reading(self) -> None:
        with subprocess.Popen(self.command()) as running:
            deadline = monotonic() + ROOM_SECONDS
            while not self.orders():
                assert monotonic() < deadline
                with pytest.raises(subprocess.TimeoutExpired):
                    running.wait(0.02)
            running.kill()

    def orders(self) -> int:
        if not self.file.exists():
            return 0
        with sqlite3.connect(self.file, timeout=ROOM_SECONDS) as table:
            found = table.execute("select 1 from sqlite_master where name = 'orders'").fetchone()
            count = table.execute("select count(*) from orders").fetchone()[0] if found else 0
        table.close()
        return int(count)


@pytest.fixture
def downstream(broker: str, tmp_path: Path) -> Downstream:
    return Downstream(broker, fresh_topic(broker, partitions=4), tmp_path / "orders.sqlite")


def funnel(system: System) -> dict[str, list[int]]:
    """Give what `report funnel` says, by status."""
    shown = Here({"ORDERPATH_DATABASE_URL": system.url}).run("report", "funnel", "--json")
    assert shown.code == 0, shown.err
    totals: dict[str, list[int]] = {}
    for stage in shown.json["stages"]:
        known = totals.setdefault(stage["status"], [0, 0])
        known[0] += stage["orders"]
        known[1] += stage["total_minor"]
    return totals


def test_its_totals_are_those_of_report_funnel(shop: System, downstream: Downstream) -> None:
    downstream.receives(published(shop))

    totals = downstream.totals()

    assert totals == funnel(shop)
    assert sum(orders for orders, _ in totals.values()) == 2 * ORDERS - ORDERS // 5
    assert len(totals) >= 3


def test_states_say_of_each_order_what_the_reports_do(shop: System) -> None:
    shop.catch_up()
    newest = {one.key: json.loads(one.value or b"") for one in published(shop)}

    assert_states_as_in_tables(shop.url, newest.values())
    spoiled = {key: state | {"paid_minor": 1} for key, state in newest.items()}
    with pytest.raises(AssertionError):
        assert_states_as_in_tables(shop.url, spoiled.values())


def test_records_that_come_twice_late_and_again_change_nothing(
    shop: System, downstream: Downstream
) -> None:
    random = Random(4711)
    once = published(shop)
    twice = [one for one in once for _ in range(random.choice([1, 1, 2, 3]))]
    head = shop.projection_log.head().position
    downstream.receives(twice)
    assert downstream.totals() == funnel(shop)

    again = published(shop, batch=3)
    late = random.sample(again, len(again))
    downstream.receives([*again, *published(shop, head // 2), *late])

    assert downstream.totals() == funnel(shop)


def test_a_state_told_anew_behind_an_erasure_is_taken_and_one_without_value_takes_its_order_out(
    shop: System, downstream: Downstream
) -> None:
    """It has the version that was known, and tells less."""
    told = published(shop)
    newest = {one.key: one for one in told}
    gone, anew, *_ = newest.values()
    state = json.loads(anew.value or b"")
    less = json.dumps(state | {"currency": "XXX"}).encode()
    downstream.receives([*told, replace(gone, value=None), replace(anew, value=less)])
    downstream.totals()

    with sqlite3.connect(downstream.file) as table:
        rows = dict(table.execute("select order_id, currency from orders"))
    table.close()
    assert len(rows) == len(newest) - 1
    assert rows[state["order_id"]] == "XXX"


def test_killed_while_reading_it_goes_on_where_its_table_is(
    shop: System, downstream: Downstream
) -> None:
    first = published(shop)
    downstream.receives(first)
    downstream.is_killed_while_reading()
    before = shop.projection_log.head().position
    place(shop, ORDERS + 1)
    downstream.receives(published(shop, before))

    assert downstream.totals() == funnel(shop)
    assert downstream.totals() == funnel(shop)


@pytest.mark.parametrize(("before", "since"), [(3, 1), (1, 3)])
def test_it_reads_a_topic_that_was_made_again_from_its_beginning(
    shop: System, downstream: Downstream, before: int, since: int
) -> None:
    downstream.receives(published(shop) * before)
    downstream.totals()
    anew = Downstream(
        downstream.broker, fresh_topic(downstream.broker, partitions=4), downstream.file
    )
    place(shop, ORDERS + 1)

    anew.receives(published(shop)[::-1] * since)

    assert anew.totals() == funnel(shop)


def test_it_reads_a_topic_that_was_made_again_while_it_stood_still(
    shop: System, downstream: Downstream, fault: Fault
) -> None:
    downstream.receives(published(shop))
    with downstream.reading() as running:
        wait_for(lambda: downstream.orders() == 2 * ORDERS, "it does not read")
        running.send_signal(signal.SIGSTOP)
        make_again(downstream)
        fault("topics deleted")
        place(shop, ORDERS + 1)  # It comes first, where the old offsets have passed it.
        downstream.receives(published(shop)[::-1] * 3)
        running.send_signal(signal.SIGCONT)
        wait_for(lambda: downstream.orders() == 2 * ORDERS + 1, "it skips what was told first")

    assert downstream.totals() == funnel(shop)


def test_what_was_told_before_the_log_was_restored_is_gone(
    shop: System, downstream: Downstream
) -> None:
    """A backup lacks the last changes, and orders that were never placed by then."""
    told = published(shop)
    place(shop, ORDERS + 1)
    downstream.receives([*told, *told[:5], *published(shop)])
    downstream.totals()
    anew = Downstream(
        downstream.broker, fresh_topic(downstream.broker, partitions=4), downstream.file
    )

    restored = [of_next_epoch(one) for one in told[: len(told) // 2]]
    anew.receives(restored)

    alone = Downstream(anew.broker, anew.topic, downstream.file.with_name("alone.sqlite"))
    assert anew.totals() == alone.totals()
    assert 0 < anew.orders() == alone.orders() < 2 * ORDERS


def of_next_epoch(message: Message) -> Message:
    assert message.value is not None
    state = json.loads(message.value)
    return replace(message, value=json.dumps(state | {"epoch": state["epoch"] + 1}).encode())


def test_it_says_that_there_is_no_topic_and_reads_it_once_it_is_made(
    shop: System, broker: str, tmp_path: Path
) -> None:
    early = Downstream(broker, f"test-{uuid4().hex}", tmp_path / "orders.sqlite")
    for options in ([], ["--once"]):
        tried = subprocess.run(
            early.command(*options),
            capture_output=True,
            text=True,
            check=False,
            timeout=ROOM_SECONDS,
        )
        assert (tried.returncode, tried.stdout) == (1, "")
        assert tried.stderr == f"There is no topic {early.topic}.\n"

    make_topic(early, partitions=1)
    early.receives(published(shop))

    assert early.totals() == funnel(shop)


def test_it_reads_partitions_that_are_added_meanwhile(shop: System, downstream: Downstream) -> None:
    downstream.receives(published(shop))
    with downstream.reading():
        wait_for(lambda: downstream.orders() == 2 * ORDERS, "it does not read")
        with KafkaAdminClient(bootstrap_servers=[downstream.broker]) as admin:
            admin.create_partitions({downstream.topic: NewPartitions(total_count=9)})
        place(shop, ORDERS + 1)
        downstream.receives(published(shop))
        wait_for(lambda: downstream.orders() == 2 * ORDERS + 1, "it reads the old partitions only")

    assert downstream.totals() == funnel(shop)


def make_again(downstream: Downstream) -> None:
    """Delete a topic and make another one of its name, once Kafka has forgotten it."""
    with KafkaAdminClient(bootstrap_servers=[downstream.broker]) as admin:
        admin.delete_topics([downstream.topic])
    make_topic(downstream, partitions=4)


def make_topic(downstream: Downstream, partitions: int) -> None:
    make_topics(downstream.broker, [Topic(downstream.topic, partitions)])


def test_it_is_short_enough_to_be_read() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60
