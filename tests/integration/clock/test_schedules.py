"""At the fixed hours of a rule the clock says so for every order in its statuses, once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.orders import commands as c
from domain.rules.timers import TimerFired
from tests.integration.clock.shop import Shop, who
from tests.integration.clock.test_waits import fired, publish
from tests.support.examples import NOW

TEN = NOW + timedelta(hours=1)
TWO = NOW + timedelta(hours=5)
DAY = timedelta(days=1)
AT = {"at": ["10:00", "14:00"]}


def remind(shop: Shop, schedule: dict[str, Any] | None = None, **said: Any) -> None:
    publish(shop, on=[{"schedule": schedule or AT, "in": ["free"]}], **said)


def place(shop: Shop, number: int = 1) -> list[UUID]:
    """Place orders in the status that the rule is for, which has no limit."""
    placed = shop.place(number)
    shop.does(*(c.ChangeStatus(**who(one), to_status="free") for one in placed))
    return placed


def struck(shop: Shop) -> Counter[tuple[UUID, datetime]]:
    """Count how often each hour was told of each order."""
    return Counter(
        (UUID(one.entity_id), one.event.due_at)
        for one in shop.events()
        if isinstance(one.event, TimerFired)
    )


def test_an_hour_comes_once_for_each_order_in_the_statuses(shop: Shop) -> None:
    remind(shop)
    first, second = place(shop, 2)
    shop.at(TEN - timedelta(microseconds=1))
    assert shop.fire() == 0

    shop.at(TEN)
    assert shop.fire() == 2
    assert shop.fire() == 0
    shop.at(TWO)
    assert shop.fire() == 2

    assert struck(shop) == Counter([(one, hour) for one in (first, second) for hour in (TEN, TWO)])
    assert {(one.rule, one.rule_version, one.why) for one in fired(shop)} == {
        ("reminder", 1, "schedule")
    }


def test_orders_that_came_into_the_status_later_wait_for_the_next_hour(shop: Shop) -> None:
    remind(shop)
    (there,) = place(shop)
    shop.at(TEN)
    shop.fire()
    shop.at(timedelta(minutes=1))
    (late,) = place(shop)

    assert shop.fire() == 0
    shop.at(TWO)
    assert shop.fire() == 2
    assert struck(shop) == Counter([(there, TEN), (there, TWO), (late, TWO)])


def test_what_was_missed_is_made_up_for_once(shop: Shop) -> None:
    remind(shop)
    (order_id,) = place(shop)
    shop.at(TWO + 2 * DAY)

    assert shop.fire() == 1
    assert shop.fire() == 0
    assert struck(shop) == {(order_id, TWO + 2 * DAY): 1}


def test_a_rule_has_no_hours_before_it_was_published_nor_while_it_is_off(shop: Shop) -> None:
    place(shop)
    shop.at(TEN)
    remind(shop, {"at": ["09:30", "10:00"]})
    assert shop.fire() == 0

    remind(shop, mode="off")
    shop.at(TWO)
    assert shop.fire() == 0
    remind(shop)
    assert shop.fire() == 0


def test_what_the_rule_says_happens_to_the_order_as_it_is_at_the_hour(shop: Shop) -> None:
    remind(shop)
    place(shop)
    shop.at(TEN)
    shop.fire()
    shop.system.catch_up()

    with shop.system.lend("orderpath_projector") as connection:
        said = connection.execute("select rule, event, result from live.trigger_runs").fetchall()
    assert said == [("reminder", "timer.fired", "fired")]


def test_hours_are_those_of_the_calendar_on_its_working_days(shop: Shop) -> None:
    """NOW is a Monday; the calendar of the shop works from Monday to Friday."""
    remind(shop)
    (order_id,) = place(shop)
    shop.at(TWO + 5 * DAY)
    assert shop.fire() == 1
    assert struck(shop) == {(order_id, TWO + 4 * DAY): 1}
    assert (TWO + 5 * DAY).astimezone(UTC).strftime("%a") == "Sat"


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_two_rules_and_pages_of_any_size_tell_of_every_hour_once(shop: Shop, at_once: int) -> None:
    remind(shop)
    publish(shop, rule="other", on=[
        {"schedule": {"at": ["10:00"]}, "in": ["free", "waiting"]},
        {"schedule": {"at": ["09:30"], "days": "every"}, "in": ["free"]},
    ])  # fmt: skip
    ids = place(shop, 7)
    shop.at(TEN)
    shop.system.catch_up()

    assert shop.clock(at_once=at_once).fire() == 21
    assert shop.clock().fire() == 0

    half_past = NOW + timedelta(minutes=30)
    told = Counter((one.rule, one.due_at) for one in fired(shop))
    assert told == {("reminder", TEN): 7, ("other", TEN): 7, ("other", half_past): 7}
    assert {order_id for order_id, _ in struck(shop)} == set(ids)


def test_what_two_clocks_and_a_rebuild_find_due_is_told_of_once(shop: Shop) -> None:
    remind(shop)
    ids = place(shop, 5)
    shop.at(TEN)
    shop.system.catch_up()

    assert shop.clock().fire() == 5
    shop.system.read_models.rebuild("status_visits")
    shop.system.read_models.rebuild("trigger_runs")
    assert shop.clock().fire() == 0
    assert struck(shop) == Counter((one, TEN) for one in ids)
