"""Judging waits for what it cannot read: what it would have judged is parked, all else goes on, and
once the log is mended it is judged as if nothing had been.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

import pytest

from domain.customers import commands as k
from domain.messages import Recorded
from domain.orders import commands as c
from domain.orders.events import Customer
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from domain.reading import PAGE_EVENTS, OrderLog, Undecodable
from domain.rules.timers import FireTimer
from infra.postgres import connect
from infra.shards import shard_of
from services.follower import Follower
from services.projector import Projector
from tests.integration.projections.world import World
from tests.integration.rules.ruling import CLOCK, fire, publish, runs, settle
from tests.support.damaged import How, damaged
from tests.support.examples import actor

LATE: Final[Mapping[str, Any]] = {"rule": "late", "delay": "2h", "then": [{"note": "Hi"}]}
IMPOSSIBLE: Final = b'{"changed":["nope"]}'  # it can be read, and no order is after it


@contextmanager
def telling_what_cannot_be(world: World, stream: str, version: int) -> Iterator[None]:
    """Let an event tell of a field that no order has."""
    with damaged(world.url, stream, version=version):
        with connect(world.url) as owner:
            owner.execute(
                "update log.events set type = 'order.fields_changed.v1', payload = %s,"
                " key_id = null, subject_id = null where stream_id = %s and version = %s",
                [IMPOSSIBLE, stream, version],
            )
        yield


def parked(world: World) -> set[tuple[str, str]]:
    """Name what is parked: (read model, stream)."""
    return set(world.query("select projection, stream_id from projection.parked"))


def retry(world: World) -> None:
    """Apply what is parked, as an operator does when the log was mended; nothing is left of it."""
    world.models.retry()
    assert parked(world) == set()


def is_as_rebuilt(world: World) -> bool:
    return not world.models.verify("trigger_runs").differing


def note_often(world: World, order_id: UUID, times: int) -> None:
    notes = [
        world.pipeline.submit(
            c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Called")
        )
        for _ in range(times)
    ]
    assert {one.result().kind for one in notes} == {"accepted"}


@pytest.mark.parametrize(("notes", "version"), [(20, 15), (600, 550)])
def test_an_order_of_which_an_event_cannot_be_is_parked_however_long_it_is(
    world: World, notes: int, version: int
) -> None:
    publish(world, LATE)
    bad = world.place()
    note_often(world, bad, notes)
    world.catch_up()
    world.now += timedelta(hours=3)
    assert fire(world) == 1
    other = world.place()

    with telling_what_cannot_be(world, f"order-{bad}", version):
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"timer-{bad}")}
        assert runs(world, other) == [("late", "order.placed", "delayed")]
        assert world.follower().waiting() == 0

    retry(world)
    assert runs(world, bad)[-1] == ("late", "timer.fired", "fired")
    assert is_as_rebuilt(world)


RULES: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "rule": "ring",
        "on": [{"change": "status", "to": "confirmed"}],
        "then": [{"task": "Ring", "to": {"group": "x"}}],
    },
    {
        "rule": "still_new",
        "on": [{"event": "order.status_changed"}],
        "if": {"new": "order.status == 'new'"},
        "then": [{"alert": "Still new", "to": {"group": "x"}}],
    },
)


@pytest.mark.parametrize("how", ["spoilt", "gone"])
def test_an_order_whose_past_cannot_be_read_is_judged_once_it_can(world: World, how: How) -> None:
    publish(world, *RULES)
    bad, well = world.place(), world.place()
    for order_id in (bad, well):
        note_often(world, order_id, 2)
    settle(world)

    with damaged(world.url, f"order-{bad}", how=how, version=2):
        world.move(bad, "confirmed")  # By a process that knows the order as it was.
        world.move(well, "confirmed")
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"order-{bad}")}
        assert runs(world, bad) == []

    retry(world)
    settle(world)
    assert runs(world, bad) == runs(world, well)
    assert {rule: result for rule, _, result in runs(world, bad)} == {
        "ring": "fired",
        "still_new": "skipped",
    }
    assert is_as_rebuilt(world)


@pytest.mark.parametrize("how", ["spoilt", "gone"])
def test_what_an_order_waits_for_whose_past_cannot_be_read_is_judged_once_it_can(
    world: World, how: How
) -> None:
    publish(world, LATE)
    bad = world.place()
    note_often(world, bad, 3)
    world.catch_up()
    world.now += timedelta(hours=3)
    assert fire(world) == 1

    with damaged(world.url, f"order-{bad}", how=how, version=2):
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"timer-{bad}")}

    retry(world)
    assert runs(world, bad)[-1] == ("late", "timer.fired", "fired")
    assert is_as_rebuilt(world)


MARKS: Final[tuple[Mapping[str, Any], ...]] = (
    {"rule": "bad", "if": {"marked": "'bad' in customer.marks"}, "then": [{"note": "Beware"}]},
    {"rule": "good", "if": {"no": "customer.marks.size() == 0"}, "then": [{"note": "Thanks"}]},
)
ANN: Final = Customer(customer_id="ann")


def mark(world: World, *, notes: int) -> None:
    """Let the customer be known for so many notes, then be marked, at the version behind them."""
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(), "customer_id": "ann"}
    world.send(k.CreateCustomer(**who, name="Ann"))
    world.send(*(k.NoteCustomer(**who, text="Called") for _ in range(notes)))
    world.send(k.SetMark(**who, mark="bad", reason_code="did_not_buy_out"))
    world.send(k.AddTag(**who, tag="late"))


@pytest.mark.parametrize("how", ["spoilt", "gone"])
def test_an_order_whose_customer_cannot_be_read_is_judged_once_it_can(
    world: World, how: How
) -> None:
    publish(world, *MARKS)
    mark(world, notes=1)
    world.catch_up()
    bad, well = world.place(customer=ANN), world.place()

    with damaged(world.url, "customer-ann", how=how, version=2):
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"order-{bad}")}
        assert len(runs(world, well)) == len(MARKS)

    retry(world)
    assert {rule: result for rule, _, result in runs(world, bad)} == {
        "bad": "fired",
        "good": "skipped",
    }
    assert is_as_rebuilt(world)


@pytest.mark.parametrize("notes", [2, 2 * PAGE_EVENTS])
def test_a_customer_of_whom_an_event_cannot_be_stops_nobody_else(world: World, notes: int) -> None:
    publish(world, *MARKS)
    mark(world, notes=notes)
    world.catch_up()
    bad, well = world.place(customer=ANN), world.place()

    with damaged(world.url, "customer-ann", version=notes):
        with connect(world.url) as owner:
            owner.execute(
                "update log.events set type = 'order.note_added.v1', payload = %s, key_id = null,"
                " subject_id = null where stream_id = 'customer-ann' and version = %s",
                [b'{"text":"Called"}', notes],
            )
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"order-{bad}")}
        assert len(runs(world, well)) == len(MARKS)

    retry(world)
    assert is_as_rebuilt(world)


def test_who_met_a_customer_who_could_not_be_read_knows_him_once_he_can(world: World) -> None:
    publish(world, *MARKS)
    mark(world, notes=1)
    follower = world.follower()
    follower.catch_up()
    parted = world.place(customer=ANN)
    with damaged(world.url, "customer-ann", version=2):
        follower.catch_up()

    later = world.place(customer=ANN)
    follower.catch_up()

    assert parked(world) == {("trigger_runs", f"order-{parted}")}
    assert {rule for rule, _, result in runs(world, later) if result == "fired"} == {"bad"}
    retry(world)
    assert is_as_rebuilt(world)


NOTE: Final[dict[str, Any]] = {"rule": "note", "then": [{"note": "Hello"}]}
NEVER: Final[Mapping[str, Any]] = NOTE | {"if": {"never": "order.shop == 'x'"}}
DESK: Final[Mapping[str, Any]] = NOTE | {"hours": "desk"}
HOURLY: Final[Mapping[str, Any]] = {
    "rule": "hourly",
    "on": [{"schedule": {"at": ["10:00"], "calendar": "desk"}, "in": ["new"]}],
    "then": [{"note": "Hello"}],
}
NIGHT: Final = datetime(2026, 3, 3, 2, tzinfo=UTC)


@contextmanager
def without_definitions(world: World) -> Iterator[None]:
    """Lose the rows of log.definitions that say what was published, as the events do."""
    with connect(world.url) as owner:
        owner.execute("alter table log.definitions disable trigger user")
        owner.execute(
            "create table public.definitions_were as select * from log.definitions"
            " where kind in ('rule', 'calendar')"
        )
        owner.execute(
            """update log.definitions set body = '{"nope": 1}' where kind in ('rule', 'calendar')"""
        )
    yield
    with connect(world.url) as owner:
        owner.execute(
            "update log.definitions d set body = w.body from public.definitions_were w"
            " where (d.kind, d.name, d.version) = (w.kind, w.name, w.version)"
        )
        owner.execute("drop table public.definitions_were")
        owner.execute("alter table log.definitions enable trigger user")


def with_a_desk(world: World) -> None:
    """Publish the hours of the desk, and a rule that keeps to them."""
    open_the_desk(world, "09:00-18:00")
    publish(world, DESK)


def open_the_desk(world: World, hours: str) -> None:
    days = {day: [hours] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendar = Calendar.model_validate({"calendar": "desk", "zone": "UTC", "hours": days})
    world.send(PublishCalendar(command_id=uuid4(), actor=actor("system"), definition=calendar))


def with_two_versions(world: World) -> None:
    publish(world, NOTE)
    publish(world, NEVER)


PUBLISHED: Final = pytest.mark.parametrize(
    ("prepare", "stream", "version", "result"),
    [
        (lambda world: publish(world, NOTE), "rule-note", 1, "fired"),
        (with_two_versions, "rule-note", 2, "skipped"),
        (with_a_desk, "calendar-desk", 1, "delayed"),
    ],
    ids=["rule", "second version", "calendar"],
)


@PUBLISHED
def test_a_publication_that_cannot_be_read_is_known_from_what_stands_beside_it(
    world: World, prepare: Callable[[World], None], stream: str, version: int, result: str
) -> None:
    prepare(world)
    world.now = NIGHT
    world.catch_up()

    with damaged(world.url, stream, version=version):
        order_id = world.place()
        world.catch_up()

        assert parked(world) == set()
        assert runs(world, order_id) == [("note", "order.placed", result)]

    assert is_as_rebuilt(world)


@PUBLISHED
def test_nothing_is_judged_without_a_publication_that_cannot_be_read(
    world: World,
    prepare: Callable[[World], None],
    stream: str,
    version: int,
    result: str,
) -> None:
    prepare(world)
    world.now = NIGHT
    world.catch_up()
    follower = world.follower()

    with without_definitions(world), damaged(world.url, stream, version=version):
        order_id = world.place()
        follower.catch_up()

        assert parked(world) == {("trigger_runs", f"order-{order_id}")}
    later = world.place()
    follower.catch_up()

    assert runs(world, later) == [("note", "order.placed", result)]
    retry(world)
    assert runs(world, order_id) == [("note", "order.placed", result)]
    assert is_as_rebuilt(world)


@pytest.mark.parametrize(
    ("version", "is_parked"), [(1, False), (2, True)], ids=["earlier", "latest"]
)
def test_nothing_is_judged_without_a_publication_that_is_gone(
    world: World, version: int, is_parked: bool
) -> None:
    with_two_versions(world)
    while shard_of(f"order-{world.place()}") != shard_of("rule-note"):
        pass  # With nothing behind it the log were shorter than the tables know.
    world.catch_up()

    with damaged(world.url, "rule-note", how="gone", version=version):
        order_id = world.place()
        world.catch_up()

        assert parked(world) == ({("trigger_runs", f"order-{order_id}")} if is_parked else set())

    retry(world)
    assert runs(world, order_id) == [("note", "order.placed", "skipped")]
    assert is_as_rebuilt(world)


def test_a_version_that_cannot_be_read_is_not_missed_behind_the_next_one(world: World) -> None:
    with_two_versions(world)
    world.catch_up()

    with without_definitions(world), damaged(world.url, "rule-note"):
        order_id = world.place()
        world.catch_up()

        assert runs(world, order_id) == [("note", "order.placed", "skipped")]


PAID: Final[Mapping[str, Any]] = {
    "rule": "paid",
    "on": [{"change": "status", "to": "confirmed"}],
    "then": [{"note": "Thanks"}],
}


@pytest.mark.parametrize("version", [1, 2])
def test_only_orders_that_a_rule_of_a_calendar_looks_at_wait_for_it(
    world: World, version: int
) -> None:
    with_a_desk(world)
    publish(world, PAID)
    if version == 2:  # Of the first one, which can be read, nothing is taken instead.
        open_the_desk(world, "00:00-24:00")
    world.now = NIGHT
    moved = world.place()
    settle(world)

    with without_definitions(world), damaged(world.url, "calendar-desk", version=version):
        placed = world.place()
        world.move(moved, "confirmed")
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"order-{placed}")}
        assert runs(world, moved)[-1] == ("paid", "order.status_changed", "fired")

    retry(world)
    assert runs(world, placed) == [("note", "order.placed", ("delayed", "fired")[version - 1])]
    assert is_as_rebuilt(world)


def test_an_hour_of_a_calendar_that_cannot_be_read_is_judged_once_it_can(world: World) -> None:
    with_a_desk(world)
    publish(world, HOURLY)
    order_id = world.place()
    world.catch_up()
    world.now += timedelta(hours=1)
    hour = FireTimer(
        command_id=uuid4(),
        actor=CLOCK,
        order_id=order_id,
        timer_id=uuid4(),
        rule="hourly",
        rule_version=1,
        why="schedule",
        due_at=world.now,
    )
    assert world.send(hour)[0].kind == "accepted"

    with without_definitions(world), damaged(world.url, "calendar-desk"):
        world.catch_up()

        assert parked(world) == {("trigger_runs", f"timer-{order_id}")}

    retry(world)
    assert runs(world, order_id)[-1] == ("hourly", "timer.fired", "fired")
    assert is_as_rebuilt(world)


class Counted:
    """A log that counts the publications that it gives."""

    def __init__(self, log: OrderLog) -> None:
        self._log = log
        self.given = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def published(self, *asked: Any) -> Sequence[Recorded | Undecodable]:
        found = self._log.published(*asked)
        self.given += len(found)
        return found


def test_while_a_publication_is_lost_the_others_are_not_read_again_and_again(world: World) -> None:
    publish(world, PAID, *(NOTE | {"rule": f"rule{number}"} for number in range(20)))
    with_a_desk(world)
    order_id = world.place()
    world.catch_up()
    log = Counted(world.log)
    projector = Projector(world.lend, cast(OrderLog, log))
    follower = Follower(projector, world.log, batch_events=1)

    with without_definitions(world), damaged(world.url, "calendar-desk"):
        note_often(world, order_id, 1)
        follower.catch_up()
        log.given = 0
        note_often(world, order_id, 20)
        follower.catch_up()
        assert 0 < log.given <= 30
    world.move(order_id, "confirmed")
    placed = world.place()
    follower.catch_up()

    assert parked(world) == set()
    assert ("note", "order.placed", "fired") in runs(world, placed)
    assert is_as_rebuilt(world)
