"""A history may be long, and who reads it slow: the session of a projector is not lost over it for
ever, as so little is read within a transaction, and nothing that was read is read once more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.customers import commands as k
from domain.messages import Command, Recorded
from domain.orders import commands as c
from domain.orders.events import Customer
from domain.reading import PAGE_EVENTS, OrderLog, Undecodable
from infra.event_log import EventLog
from projections.catalog import BY_NAME
from projections.interface import Judging, Projection, ReadFirst, Recalling
from projections.parking import Parked
from projections.sessions import SessionLost
from projections.trigger_runs import TriggerRuns
from services.deliveries import Delivery
from services.follower import Follower
from services.projector import Projector
from services.read_models import ReadModels
from tests.integration.projections.world import Stubborn, World, a_day
from tests.integration.rules.ruling import fire, publish, runs
from tests.support.examples import actor
from tests.support.waiting import wait_for

BORNE = PAGE_EVENTS + 10  # events that may be read within a transaction: a page, and the rules
LONG = 2 * PAGE_EVENTS + PAGE_EVENTS // 2  # events
HI = {"then": [{"note": "Hi"}]}
NOTES = HI | {
    "rule": "notes",
    "on": [{"event": "order.note_added"}],
    "if": {"phoned": "order.channel == 'phone'"},
}


class Slow(EventLog):
    """A log so slow that a session is lost in whose transaction much is read."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log.recorder, log.vault, log.mapper, log.snapshots)
        self.given = 0  # events of streams, in all
        self.lost = 0  # sessions
        self._within: psycopg.Connection[Any] | None = None
        self._left = 0

    @contextmanager
    def lend(self, world: World) -> Iterator[psycopg.Connection[Any]]:
        with world.lend() as connection:
            self._within, self._left = connection, BORNE
            try:
                yield connection
            finally:
                self._within = None

    def read_streams(self, *asked: Any, **how: Any) -> list[Recorded | Undecodable]:
        found = super().read_streams(*asked, **how)
        self.given += len(found)
        self._left -= len(found)
        if self._within is not None and self._left < 0:
            self.lost += not self._within.closed
            self._within.close()
        return found

    def projector(self, world: World, **options: Any) -> Projector:
        """Give one that has just started."""
        return Projector(lambda: self.lend(world), self, **options)

    def follower(self, world: World) -> Follower:
        return Follower(self.projector(world), self)


@pytest.fixture
def slow(world: World) -> Slow:
    return Slow(world.log)


def send_all(world: World, commands: Sequence[Command]) -> None:
    for sent in [world.pipeline.submit(command) for command in commands]:
        assert sent.result().kind == "accepted"


def note(order_id: UUID, number: int = 0) -> Command:
    text = f"Note {number}"
    return c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text=text)


def with_a_long_history(world: World, **how: Any) -> UUID:
    """Give an order with many notes; all of it is applied."""
    order_id = world.place(**how)
    send_all(world, [note(order_id, number) for number in range(LONG)])
    world.catch_up()
    return order_id


def is_as_rebuilt(world: World) -> bool:
    return not world.models.verify("trigger_runs").differing


def test_an_event_of_an_order_with_a_long_history_is_judged_by_who_has_just_started(
    world: World, slow: Slow
) -> None:
    publish(world, NOTES)
    order_id = with_a_long_history(world)
    world.send(note(order_id))
    other = world.place()

    slow.follower(world).catch_up()

    assert world.follower().waiting() == 0
    assert slow.lost == 0
    assert len(runs(world, order_id)) == LONG + 1
    assert world.query("select count(*) from live.orders where order_id = %s", other) == [(1,)]
    assert is_as_rebuilt(world)


def test_what_an_order_with_a_long_history_waits_for_is_judged_by_who_has_just_started(
    world: World, slow: Slow
) -> None:
    publish(world, HI | {"rule": "late", "delay": "2h"})
    order_id = with_a_long_history(world)
    world.now += timedelta(hours=3)
    assert fire(world) == 1

    slow.follower(world).catch_up()

    assert slow.lost == 0
    assert runs(world, order_id)[-1] == ("late", "timer.fired", "fired")
    assert is_as_rebuilt(world)


def test_the_order_of_a_customer_with_a_long_history_is_judged_as_of_its_event(
    world: World, slow: Slow
) -> None:
    publish(world, HI | {"rule": "vip", "if": {"vip": "'vip' in customer.tags"}})
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(), "customer_id": "ann"}
    made = world.send(k.CreateCustomer(**who, name="Ann"), k.AddTag(**who, tag="vip"))
    assert {one.kind for one in made} == {"accepted"}
    notes = [
        k.NoteCustomer(**who | {"command_id": uuid4()}, text=f"Note {number}")
        for number in range(LONG)
    ]
    send_all(world, notes[: LONG // 2])
    first = world.place(customer=Customer(customer_id="ann"))
    send_all(world, notes[LONG // 2 :])
    world.send(k.RemoveTag(**who, tag="vip"))
    second = world.place(customer=Customer(customer_id="ann"))
    follower = slow.follower(world)

    follower.catch_up()

    assert slow.lost == 0
    assert [runs(world, one)[0][2] for one in (first, second)] == ["fired", "skipped"]
    assert is_as_rebuilt(world)

    read = slow.given
    third = world.place(customer=Customer(customer_id="ann"))
    follower.catch_up()
    assert runs(world, third)[0][2] == "skipped"
    assert slow.given == read


def a_story(world: World) -> None:
    """What orders, their customer and the clock tell in turn, with rules that look at all of it."""
    tagged = {"vip": "'vip' in customer.tags"}
    publish(
        world,
        HI | {"rule": "late", "on": [{"event": "order.status_changed"}], "delay": "2h"},
        HI | {"rule": "vip", "on": [{"event": "order.note_added"}], "if": tagged},
    )
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(), "customer_id": "ann"}
    world.send(k.CreateCustomer(**who, name="Ann"))
    placed = [world.place(customer=Customer(customer_id="ann")) for _ in range(3)]
    for order_id in placed:
        world.send(note(order_id), k.AddTag(**who, tag="vip"), note(order_id))
        world.move(order_id, "confirmed", "packed")
        world.send(k.RemoveTag(**who, tag="vip"), note(order_id))
    world.catch_up()
    world.now += timedelta(hours=3)
    assert fire(world)
    world.send(*map(note, placed))


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
def test_whatever_is_read_first_and_whoever_begins_anew_the_rows_are_the_same(
    world: World, at_once: int
) -> None:
    a_story(world)
    world.catch_up()
    whole = world.tables()["trigger_runs.trigger_runs"]
    world.query("delete from projection.builds where projection = 'trigger_runs' returning 1")
    world.models.prepare()
    small = {**BY_NAME, "trigger_runs": TriggerRuns(page=1)}

    end, done = world.log.head().position, 0
    while done < end:  # Each time somebody who knows nothing yet.
        last = min(done + at_once, end)
        world.projector(projections=small).apply(world.deliveries(done, last))
        done = last

    assert world.tables()["trigger_runs.trigger_runs"] == whole
    assert {row["result"] for row in whole} >= {"fired", "skipped", "delayed"}
    assert is_as_rebuilt(world)


class Crowded(Stubborn):
    """A read model that has no room for what more than so many events need, however often read."""

    def __init__(self, most: int) -> None:
        super().__init__(BY_NAME["orders"])
        self.most = most

    def apply(self, batch: Sequence[Recorded], tx: Any) -> None:
        if len(batch) > self.most:
            raise ReadFirst(iter([None]))
        super().apply(batch, tx)


def test_where_there_is_no_room_for_all_that_is_read_first_fewer_events_are_taken(
    world: World,
) -> None:
    a_day(world)
    crowded = {**BY_NAME, "orders": Crowded(3)}

    Follower(world.projector(projections=crowded), world.log).catch_up()

    assert world.follower().waiting() == 0
    assert not any(world.models.verify(name).differing for name in ("orders", "items"))


def left(world: World) -> list[Delivery]:
    """Give what no read model has, as somebody reads it who looked at the checkpoints."""
    reached = dict(
        world.query("select shard, min(position) from projection.checkpoints group by 1")
    )
    return [
        replace(
            one,
            prev=reached[one.shard],
            events=[event for event in one.events if event.position > reached[one.shard]],
        )
        for one in world.deliveries(0, world.log.head().position)
        if one.last > reached[one.shard]
    ]


def test_who_has_no_room_and_is_called_away_each_time_takes_fewer_events(world: World) -> None:
    a_day(world)
    end = world.log.head().position
    projector = world.projector(projections={**BY_NAME, "orders": Crowded(3)})

    for _ in range(end):
        projector.apply(left(world), ends=lambda: True)

    assert world.follower().waiting() == 0
    assert not any(world.models.verify(name).differing for name in ("orders", "items"))


class LostOnce:
    """A read model whose first session the server ends when it has done all."""

    def __init__(self, real: Projection, world: World, lost: int = 1) -> None:
        self._real = real
        self._world = world
        self._lost = lost  # which of its times
        self.name, self.version = real.name, real.version
        self.ddl, self.tables = real.ddl, real.tables
        self.times = 0

    def reading(self, log: OrderLog) -> Projection:
        if isinstance(self._real, Judging):
            self._real = self._real.reading(log)
        return self

    def settle(self) -> None:
        if isinstance(self._real, Recalling):
            self._real.settle()

    def apply(self, batch: Sequence[Recorded], tx: Any) -> None:
        self._real.apply(batch, tx)
        self.times += 1
        if self.times == self._lost:
            tx.execute("set local idle_in_transaction_session_timeout = '1ms'")
            there = "select count(*) from pg_stat_activity where pid = %s"
            pid = tx.connection.info.backend_pid
            wait_for(lambda: self._world.query(there, pid) == [(0,)], "the session goes on")


def one_more(world: World) -> Sequence[Delivery]:
    """Note something on an order with a long history, which a rule looks at; give how it comes."""
    publish(world, NOTES)
    world.send(note(with_a_long_history(world)))
    end = world.log.head().position
    return world.deliveries(end - 1, end)


def test_who_loses_a_session_over_a_single_event_reads_nothing_of_its_order_again(
    world: World, slow: Slow
) -> None:
    coming = one_more(world)
    projections = {**BY_NAME, "trigger_runs": LostOnce(BY_NAME["trigger_runs"], world)}
    projector = slow.projector(world, projections=projections)

    with pytest.raises(SessionLost):
        projector.apply(coming)
    read = slow.given
    projector.apply(coming)

    assert slow.given == read
    assert is_as_rebuilt(world)


def test_reading_a_long_history_may_end_between_and_goes_on_where_it_was(
    world: World, slow: Slow
) -> None:
    coming = one_more(world)
    projector = slow.projector(world)

    for _ in range(LONG // PAGE_EVENTS):
        if projector.apply(coming, ends=lambda: True):
            break

    assert world.follower().waiting() == 0
    assert slow.lost == 0
    assert slow.given < 2 * LONG
    assert is_as_rebuilt(world)


class Counting(Stubborn):
    """A read model that tells how much it is given at once."""

    def __init__(self) -> None:
        super().__init__(BY_NAME["orders"])
        self.taken: list[int] = []  # events

    def apply(self, batch: Sequence[Recorded], tx: Any) -> None:
        self.taken.append(len(batch))
        super().apply(batch, tx)


def parked_long(world: World, model: Stubborn) -> tuple[Parked, dict[str, Projection]]:
    """Park a long stream, and cure the read model."""
    order_id = world.place()
    model.poisoned.add((f"order-{order_id}", 2))
    send_all(world, [note(order_id, number) for number in range(LONG)])
    models = {**BY_NAME, model.name: model}
    Follower(world.projector(projections=models), world.log).catch_up()
    model.poisoned.clear()
    (parked,) = world.models.list_parked()
    return parked, models


def test_a_parked_stream_that_is_long_is_applied_in_pages_though_who_reads_is_slow(
    world: World, slow: Slow
) -> None:
    orders = Counting()
    parked, models = parked_long(world, orders)
    orders.taken.clear()

    retrying = slow.projector(world, driver=None, build=parked.build, projections=models)

    assert retrying.retry(parked) is True
    assert slow.lost == 0
    assert orders.taken == [PAGE_EVENTS, PAGE_EVENTS, LONG - 2 * PAGE_EVENTS]
    assert not world.models.verify("orders").differing


class Dying(Counting):
    """A read model that dies after so many events."""

    def apply(self, batch: Sequence[Recorded], tx: Any) -> None:
        if sum(self.taken) + len(batch) > LONG - 1:
            raise SystemExit
        super().apply(batch, tx)


def test_a_retry_that_is_broken_off_between_pages_goes_on_there(world: World) -> None:
    parked, _ = parked_long(world, Stubborn(BY_NAME["orders"]))

    with pytest.raises(SystemExit):
        ReadModels(world.lend, world.log, projections={**BY_NAME, "orders": Dying()}).retry()

    (left,) = world.models.list_parked()
    assert (left.version, left.waiting) == (
        parked.version + 2 * PAGE_EVENTS,
        parked.waiting - 2 * PAGE_EVENTS,
    )
    assert world.models.retry() == (1, 0)
    assert world.models.list_parked() == []
    assert not world.models.verify("orders").differing


def test_retry_goes_on_where_it_loses_its_session_between_pages(world: World) -> None:
    parked_long(world, Stubborn(BY_NAME["activity"]))
    lost = {**BY_NAME, "activity": LostOnce(BY_NAME["activity"], world, 2)}

    assert ReadModels(world.lend, world.log, projections=lost).retry() == (1, 0)
    assert world.models.list_parked() == []
    assert not world.models.verify("activity").differing


def test_retry_tries_again_where_it_loses_its_session(world: World) -> None:
    order_id = world.place()
    stubborn = Stubborn(BY_NAME["orders"])
    stubborn.poisoned.add((f"order-{order_id}", 1))
    Follower(world.projector(projections={**BY_NAME, "orders": stubborn}), world.log).catch_up()
    lost = {**BY_NAME, "orders": LostOnce(BY_NAME["orders"], world)}

    assert ReadModels(world.lend, world.log, projections=lost).retry() == (1, 0)
    assert not world.models.verify("orders").differing
