"""An order that cannot be read stands aside alone: the clocks go on for all others, tell of it, and
fire what is due of it once the log is mended.
"""

from collections import Counter
from concurrent.futures import Future
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.alerts.events import AlertRaised
from domain.messages import Command, Outcome
from domain.orders import commands as c
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from services.clock import Clockwork
from services.pipeline import Pipeline
from tests.integration.clock.shop import Shop, who
from tests.integration.clock.test_clock import each_once
from tests.integration.clock.test_schedules import TEN, TWO, place, remind, struck
from tests.integration.clock.test_waits import fired, publish
from tests.support.damaged import How, damaged, misdefined
from tests.support.examples import NOW, actor
from tests.support.loads import open_pipeline
from tests.unit.domain.orders.test_decide_deadlines import DUE

OTHERS = 40


def another_clock(shop: Shop, pipeline: Pipeline) -> Clockwork:
    """Give the clock of a process that remembers nothing of the orders."""
    return shop.clock(pipeline.submit, at_once=3)


def open_of(shop: Shop) -> set[str]:
    """Name the streams of orders that have a deadline open which has come."""
    shop.system.catch_up()
    with shop.system.lend("orderpath_projector") as connection:
        rows = connection.execute(
            "select 'order-' || order_id from live.deadlines where state = 'open' and due_at <= %s",
            [shop.time.now],
        ).fetchall()
    return {stream for (stream,) in rows}


def damage_told(shop: Shop) -> list[AlertRaised]:
    """Give the alerts about damaged streams. The log must be well."""
    raised = [one.event for one in shop.events() if isinstance(one.event, AlertRaised)]
    return [one for one in raised if one.kind == "stream_damaged"]


@pytest.mark.parametrize("how", ["spoilt", "gone", "torn", "impossible"])
def test_d8_an_order_that_cannot_be_read_stands_aside_and_all_others_are_fired(
    shop: Shop, how: How
) -> None:
    (bad,) = shop.place()
    shop.does(c.AddNote(**who(bad), text="Rang"))
    shop.at(timedelta(minutes=1))
    shop.place(OTHERS)
    shop.at(DUE + timedelta(minutes=1))
    shop.system.catch_up()

    with damaged(shop.system.url, f"order-{bad}", how=how), open_pipeline(shop.system.url) as fresh:
        clock = another_clock(shop, fresh)
        clock.fire()
        assert open_of(shop) == {f"order-{bad}"}
        assert clock.fire() == 0, "What is damaged is left alone for a while."

    with open_pipeline(shop.system.url) as fresh:
        another_clock(shop, fresh).fire()  # as after a restart
    assert open_of(shop) == set()
    assert shop.counted() == each_once(shop, "warn", "due")
    (alert,) = damage_told(shop)
    assert (alert.order_id, alert.group, alert.level) == (bad, "admins", "warn")
    assert "backup" in alert.details[0]


def test_what_is_damaged_is_tried_again_from_time_to_time_and_told_once_a_day(shop: Shop) -> None:
    (bad,) = shop.place()
    shop.at(DUE)
    shop.system.catch_up()
    asked: list[Command] = []

    with open_pipeline(shop.system.url) as fresh:

        def submit(command: Command) -> Future[Outcome]:
            asked.append(command)
            return fresh.submit(command)

        clock = shop.clock(submit, forget_seconds=0.0)
        with damaged(shop.system.url, f"order-{bad}"):
            for _ in range(6):
                clock.fire()
        assert [one.NAME for one in asked].count("alert.raise") == 1
        assert [one.NAME for one in asked].count("order.pass_deadline") > 2
        for _ in range(4):
            clock.fire()

    assert shop.counted() == each_once(shop, "warn", "due")
    assert len(damage_told(shop)) == 1


def test_d8_waits_of_other_orders_end_though_what_was_fired_of_one_cannot_be_read(
    shop: Shop,
) -> None:
    publish(shop, delay="5m")
    publish(shop, rule="later", delay="10m")
    (bad,) = shop.place()
    shop.place(OTHERS)
    shop.system.catch_up()
    shop.at(NOW + timedelta(minutes=6))
    shop.fire()
    shop.system.catch_up()
    shop.at(NOW + timedelta(minutes=11))

    with damaged(shop.system.url, f"timer-{bad}"), open_pipeline(shop.system.url) as fresh:
        shop.system.catch_up()
        another_clock(shop, fresh).fire()
        shop.system.catch_up()
        with shop.system.lend("orderpath_projector") as connection:
            left = connection.execute("select order_id from live.rule_waits").fetchall()
        assert left == [(bad,)]
    with open_pipeline(shop.system.url) as fresh:
        another_clock(shop, fresh).fire()

    assert Counter(one.rule for one in fired(shop)) == dict.fromkeys(
        ("reminder", "later"), OTHERS + 1
    )
    assert [one.order_id for one in damage_told(shop)] == [bad]


@pytest.mark.parametrize("how", ["spoilt", "torn", "garbled", "timeless"])
def test_d8_hours_come_to_all_other_orders_though_what_was_told_of_one_cannot_be_read(
    shop: Shop, how: How
) -> None:
    remind(shop)
    bad, *others = place(shop, OTHERS)
    shop.at(TEN)
    shop.fire()
    shop.at(TWO)

    with damaged(shop.system.url, f"timer-{bad}", how=how), open_pipeline(shop.system.url) as fresh:
        another_clock(shop, fresh).fire()
    told = struck(shop)
    with open_pipeline(shop.system.url) as fresh:
        another_clock(shop, fresh).fire()

    assert [one for one in others if told[one, TWO] != 1] == []
    assert struck(shop) == {(one, hour): 1 for one in (bad, *others) for hour in (TEN, TWO)}
    assert [one.order_id for one in damage_told(shop)] == [bad]


@pytest.mark.parametrize(
    ("stream", "where", "value"),
    [
        ("rule-odd", ("on", "0", "schedule", "at"), ["24:30"]),
        ("rule-odd", ("on", "0", "in"), 7),
        ("rule-odd", ("on", "0"), 7),
        ("rule-odd", ("on",), {}),
        ("rule-odd", ("on",), "schedule"),
        ("rule-odd", ("on",), 7),
        ("rule-odd", ("on",), None),
        ("rule-odd", ("on",), []),
        ("rule-odd", (), None),
        ("rule-odd", (), []),
        ("calendar-odd", ("zone",), "Europe/Gone"),
        ("calendar-odd", ("hours",), "always"),
    ],
)
def test_hours_of_other_rules_come_though_one_rule_or_calendar_is_not_understood(
    shop: Shop, stream: str, where: tuple[str, ...], value: object
) -> None:
    calendar = Calendar.model_validate(
        {"calendar": "odd", "zone": "UTC", "hours": {"sun": ["09:00-18:00"]}}
    )
    shop.does(PublishCalendar(command_id=uuid4(), actor=actor(), definition=calendar))
    at = {"at": ["10:00"], "calendar": "odd", "days": "every"}
    remind(shop)
    remind(shop, at, rule="odd")
    orders = {*place(shop, 3)}
    shop.at(TEN)
    shop.system.catch_up()

    with misdefined(shop.system.url, stream, *where, value=value):
        clock = shop.clock()
        assert clock.fire() == len(orders)
        assert clock.fire() == 0
        assert shop.clock().fire() == 0, "Another process knows the same."
        assert {one.rule for one in fired(shop)} == {"reminder"}
    shop.clock().fire()

    assert Counter(one.rule for one in fired(shop)) == {"reminder": 3, "odd": 3}
    (alert,) = damage_told(shop)
    assert (alert.subject, alert.group) == (stream, "admins")
    assert "log.definitions" in alert.details[0]
