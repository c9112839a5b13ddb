"""Whatever is due is fired, once, by whoever is there to do it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from itertools import product
from threading import Barrier, Thread
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from psycopg import Cursor

from domain.alerts.commands import AcknowledgeAlert
from domain.alerts.deadlines import alert_id_of
from domain.batch import Log
from domain.messages import Command, Happened, Outcome
from domain.orders import commands as c
from domain.paths.commands import PublishPath
from domain.refusals import InfraError
from domain.stock.commands import ReceiveStock
from domain.stock.events import stream_of
from infra.settings import Settings
from projections.clock_parts import take_part
from projections.reports.due import Ask
from projections.reports.due_deadlines import list_due_deadlines
from services.bootstrap import open_system
from services.clock import Clockwork, clockwork_of
from services.pipeline import Pipeline
from services.reading import stock_now
from tests.integration.clock.shop import Shop, who
from tests.support.examples import NOW, TEA, actor
from tests.unit.domain.orders.test_decide_deadlines import DUE, TWICE, WARN
from tests.unit.domain.orders.test_goods import path as keeping

ORDERS = 50
ONCE = {"warn": 1, "due": 1, "escalate_200": 1}


def each_once(shop: Shop, *levels: str) -> Counter[tuple[UUID, str]]:
    return Counter((order_id, level) for order_id in shop.orders for level in levels)


def test_p10_p11_d8_each_level_is_fired_when_it_is_due_and_names_the_holder(shop: Shop) -> None:
    (order_id,) = shop.place()
    assert shop.fire() == 0

    for moment, level, holder in ((WARN, "warn", "ann"), (DUE, "due", "bob"), (TWICE, "", "bob")):
        shop.does(c.AssignOwner(**who(order_id), user=holder, group=f"of {level}"))
        shop.at(moment - timedelta(microseconds=1))
        assert shop.fire() == 0
        shop.at(moment)
        assert shop.fire() == 1
        assert shop.fire() == 0

    told = [(one.level, one.due_at, one.holder_user) for _, one in shop.passed()]
    assert told == [("warn", WARN, "ann"), ("due", DUE, "bob"), ("escalate_200", TWICE, "bob")]
    assert [one.to_group or one.to_user for _, one in shop.passed()] == [
        "managers",
        "managers",
        "dora",
    ]
    said = [event for event in shop.events() if event.actor_kind == "clock"]
    assert {(event.actor_id, event.source) for event in said} == {("orderpath", "clock")}


def test_d8_p2_an_order_of_2011_fires(shop: Shop) -> None:
    shop.at(datetime(2011, 3, 1, tzinfo=UTC))
    shop.place()
    shop.at(NOW)

    assert shop.fire() == 3
    assert [event.level for _, event in shop.passed()] == ["warn", "due", "escalate_200"]


def test_d8_what_is_due_longest_is_fired_first_page_by_page(shop: Shop) -> None:
    for _ in range(4):
        shop.place(5)
        shop.at(timedelta(minutes=1))
    shop.at(TWICE + timedelta(days=1))
    shop.system.catch_up()

    assert shop.clock(at_once=3).fire() == 60

    assert shop.counted() == each_once(shop, *ONCE)
    by_part: dict[int, list[datetime]] = {}
    for order_id, event in shop.passed():
        by_part.setdefault(order_id.bytes[15] % 16, []).append(event.due_at)
    assert all(moments == sorted(moments) for moments in by_part.values())


def test_d8_a_page_of_what_is_due_reads_nothing_of_the_pages_before_it(shop: Shop) -> None:
    shop.place(ORDERS)
    shop.at(DUE)
    shop.system.catch_up()
    with shop.session().connection() as connection, connection.transaction():
        connection.prepare_threshold = 0  # as in a clock that has asked often
        connection.execute("set local plan_cache_mode = force_generic_plan")
        connection.execute("set local enable_seqscan = off")  # as of a large table
        connection.execute("set local enable_bitmapscan = off")
        cursor = connection.cursor()
        everything = list_due_deadlines(cursor, Ask(DUE, 2 * ORDERS))
        last = everything[-3]
        read_before = _rows_read(cursor)

        page = list_due_deadlines(
            cursor, Ask(DUE, 10, after=(last.due_at, last.order_id, last.level))
        )

        assert (len(everything), page) == (2 * ORDERS, everything[-2:])
        assert _rows_read(cursor) - read_before <= 3


def _rows_read(cursor: Cursor[Any]) -> int:
    cursor.execute(
        "select sum(seq_tup_read + idx_tup_fetch) from pg_stat_xact_user_tables"
        " where relname = 'deadlines'"
    )
    (rows,) = cursor.fetchall()[0]
    return int(rows)


def test_d8_nothing_is_fired_of_an_order_that_has_left_was_put_off_or_is_paused(
    shop: Shop,
) -> None:
    left, later, paused = shop.place(3)
    shop.at(NOW + timedelta(minutes=1))
    shop.does(c.ChangeStatus(**who(left), to_status="free"))
    shop.does(c.SnoozeDeadline(**who(later), until=DUE + timedelta(hours=1), reason="Rings later"))
    shop.does(c.ChangeStatus(**who(paused), to_status="waiting"))
    shop.at(DUE)

    assert shop.fire() == 0

    shop.at(DUE + timedelta(hours=1))
    assert shop.fire() == 1
    shop.does(c.ChangeStatus(**who(paused), to_status="new"))
    shop.at(timedelta(minutes=59))
    assert shop.fire() == 1
    assert [(order_id, event.level) for order_id, event in shop.passed()] == [
        (later, "due"),
        (paused, "warn"),
    ]


def test_d8_an_order_that_leaves_before_its_row_is_gone_hears_nothing(shop: Shop) -> None:
    (order_id,) = shop.place()
    shop.at(DUE)
    shop.system.catch_up()
    shop.does(c.ChangeStatus(**who(order_id), to_status="free"))

    assert clockwork_of(shop.system).fire() == 2
    assert shop.passed() == []


def test_p11_an_alert_that_is_there_already_is_raised_once_also_without_a_look(
    shop: Shop,
) -> None:
    """Where a clock of another process was faster, and this one never heard of it."""
    shop.place(ORDERS)
    shop.at(DUE)
    shop.system.catch_up()
    with open_system(Settings(database_url=shop.system.url), shop.time) as other:
        shop.clock(other.pipeline.submit, at_once=7).fire()
    told = shop.alerted()

    shop.clock().fire()
    renamed = [
        one.command.model_copy(update={"command_id": uuid4()}) for one in shop.clock().list_due(DUE)
    ]
    answers = [shop.system.pipeline.submit(command) for command in renamed]

    assert {answer.result().kind for answer in answers} == {"nothing"}
    assert len(told) == len(set(told)) == 2 * ORDERS
    assert shop.alerted() == told


def test_p11_an_alert_of_a_limit_waits_for_who_was_told_also_once_it_was_put_off_or_left(
    shop: Shop,
) -> None:
    put_off, left, seen = shop.place(3)
    shop.at(DUE)
    assert shop.fire() == 6
    shop.does(
        c.SnoozeDeadline(**who(put_off), until=DUE + timedelta(hours=1), reason="Rings later"),
        c.ChangeStatus(**who(left), to_status="free"),
        *(
            AcknowledgeAlert(command_id=uuid4(), actor=actor(), alert_id=alert_id_of(seen, 1, one))
            for one in ("warn", "due")
        ),
    )
    shop.system.catch_up()

    with shop.system.snapshot() as reader:
        reader.execute(
            "select order_id, level from analytics.inbox where open and kind = 'deadline'"
        )
        waiting = [(row["order_id"], row["level"]) for row in reader.fetchall()]
    assert Counter(waiting) == Counter(product((put_off, left), ("warn", "due")))


def test_p11_what_is_fired_is_read_without_a_look_for_its_alert(shop: Shop) -> None:
    shop.place(ORDERS)
    shop.at(DUE)
    shop.system.catch_up()
    log = _Watched(shop.system.log)
    with Pipeline(cast(Log, log), shop.time) as pipeline:
        shop.clock(pipeline.submit).fire()

    assert len(shop.alerted()) == 2 * ORDERS
    assert not [one for one in log.looked_for if one.startswith("alert-")]


class _Watched:
    """The log, and which streams were looked for in it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.looked_for: list[str] = []

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        self.looked_for += versions
        return self._log.load(versions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def test_d7_reservations_that_nobody_paid_for_are_given_back(shop: Shop) -> None:
    reserve(shop)
    shop.at(NOW + timedelta(hours=23))
    assert shop.fire() == 0

    shop.at(NOW + timedelta(hours=25))

    assert shop.fire() == 1
    assert shop.fire() == 0
    level = stock_now(shop.system, stream_of(TEA.sku, location="main")).level
    assert (level.reserved, level.available) == (0, TEA.quantity)


def reserve(shop: Shop) -> None:
    """Keep all the goods there are for an order that nobody has paid for."""
    shop.does(
        PublishPath(**by(), definition=keeping()),
        ReceiveStock(**by(), sku=TEA.sku, quantity=TEA.quantity),
    )
    (order_id,) = shop.place()
    shop.does(c.ReserveItems(**who(order_id)))


def by() -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor()}


def test_two_clocks_at_once_fire_each_deadline_once(shop: Shop) -> None:
    shop.place(ORDERS)
    shop.at(TWICE)
    shop.system.catch_up()
    with open_system(Settings(database_url=shop.system.url), shop.time) as other:
        both = [shop.clock(at_once=7), shop.clock(other.pipeline.submit, at_once=7)]
        start = Barrier(len(both))

        def fire(clock: Clockwork) -> None:
            start.wait()
            clock.fire()

        threads = [Thread(target=fire, args=(clock,)) for clock in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert shop.counted() == each_once(shop, *ONCE)


@pytest.mark.parametrize("others", [False, True])
def test_a_clock_sends_ahead_of_its_answers_while_nobody_else_appends(
    shop: Shop, *, others: bool
) -> None:
    """So that it is fast when nobody minds, and leaves the others their share when they do."""
    shop.place(ORDERS)
    shop.at(DUE)
    shop.system.catch_up()
    sent: list[Future[Outcome]] = []
    open_at_once: list[int] = []

    def submit(command: Command) -> Future[Outcome]:
        if others:  # Answered before ours is sent: so it stands before ours in the log.
            shop.does(c.AddNote(**who(shop.orders[0]), text="He rang"))
        sent.append(shop.system.pipeline.submit(command))
        open_at_once.append(sum(one not in heard for one in sent))
        return _Heard(sent[-1], heard)

    heard: set[Future[Outcome]] = set()
    shop.clock(submit, at_once=2).fire()

    assert shop.counted() == each_once(shop, "warn", "due")
    two_pages = 2 + 2  # No more than that, also where it knows nothing of others yet.
    assert max(open_at_once) <= two_pages
    assert max(open_at_once[two_pages:]) == (2 if others else two_pages)


class _Heard(Future[Outcome]):
    """An answer of which a test knows whether the clock has waited for it."""

    def __init__(self, answer: Future[Outcome], heard: set[Future[Outcome]]) -> None:
        super().__init__()
        self._of, self._heard = answer, heard

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._heard.add(self._of)
        return self._of.exception(timeout)

    def result(self, timeout: float | None = None) -> Outcome:
        return self._of.result(timeout)


def test_a_clock_leaves_alone_what_another_one_works_on(shop: Shop) -> None:
    shop.place(ORDERS)
    shop.at(DUE)
    shop.system.catch_up()
    part = shop.orders[0].bytes[15] % 16

    with take_part(shop.session().connection, part) as held:
        assert held
        clockwork_of(shop.system).fire()
        assert {one.bytes[15] % 16 for one, _ in shop.passed()} == {
            one.bytes[15] % 16 for one in shop.orders
        } - {part}

    clockwork_of(shop.system).fire()
    assert shop.counted() == each_once(shop, "warn", "due")


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("sent", [0, 1, 7])
def test_a_clock_that_dies_between_two_commands_is_made_up_for_by_the_next(
    shop: Shop, sent: int
) -> None:
    shop.place(5)
    shop.at(DUE)
    shop.system.catch_up()
    left = iter(range(sent))

    def submit(command: Command) -> Future[Outcome]:
        if next(left, None) is None:
            raise Killed
        return shop.system.pipeline.submit(command)

    with pytest.raises(Killed):
        shop.clock(submit).fire()
    clockwork_of(shop.system).fire()

    assert shop.counted() == each_once(shop, "warn", "due")


def test_what_was_sent_and_whose_row_is_still_open_is_answered_as_before(shop: Shop) -> None:
    shop.place(5)
    shop.at(DUE)
    shop.system.catch_up()
    first = clockwork_of(shop.system)

    assert first.fire() == 10
    head = shop.system.log.head().position
    assert first.fire() == 0  # It remembers.
    assert clockwork_of(shop.system).fire() == 10  # Another one does not.

    assert shop.system.log.head().position == head
    assert shop.fire() == 0


def test_d12_a_rebuild_of_the_table_meanwhile_fires_nothing_twice(shop: Shop) -> None:
    shop.place(5)
    shop.at(WARN)
    shop.fire()
    shop.system.read_models.rebuild("deadlines")
    assert shop.fire() == 0

    shop.at(DUE)
    clockwork_of(shop.system).fire()
    shop.system.read_models.rebuild("deadlines")

    assert shop.fire() == 0
    assert shop.counted() == each_once(shop, "warn", "due")


def test_a_command_that_fails_by_its_own_fault_holds_up_no_other(shop: Shop) -> None:
    shop.place(5)
    shop.at(DUE)
    shop.system.catch_up()
    poison = shop.orders[2]

    def submit(command: Command) -> Future[Outcome]:
        if isinstance(command, c.PassDeadline) and command.order_id == poison:
            broken: Future[Outcome] = Future()
            broken.set_exception(ValueError("a decider is broken"))
            return broken
        return shop.system.pipeline.submit(command)

    shop.clock(submit).fire()

    assert {order_id for order_id, _ in shop.passed()} == set(shop.orders) - {poison}


def test_what_could_not_be_answered_now_is_sent_again(shop: Shop) -> None:
    shop.place(5)
    shop.at(DUE)
    shop.system.catch_up()
    away = iter([True])

    def submit(command: Command) -> Future[Outcome]:
        answer = shop.system.pipeline.submit(command)
        if next(away, False):
            answer = Future()
            answer.set_exception(InfraError("database_unavailable", "gone for a moment"))
        return answer

    clock = shop.clock(submit)
    with pytest.raises(InfraError):
        clock.fire()
    shop.system.catch_up()
    clock.fire()

    assert shop.counted() == each_once(shop, "warn", "due")
