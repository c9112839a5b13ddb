"""At the fixed hours of a rule the clock says so for every order in its statuses, once."""

import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.messages import Command
from domain.orders import commands as c
from domain.rules.rule import Rule
from domain.rules.timers import TimerFired
from projections.reports.due import Ask
from services.backtest import Part, backtest
from services.clock import clockwork_of
from services.due import DueSchedules
from tests.integration.clock.shop import Shop, who
from tests.integration.clock.test_waits import fired, publish, runs
from tests.support.clocks import STEPS, Step, fire_and, fire_until_killed
from tests.support.examples import NOW, actor
from tests.support.faults import Fault
from tests.support.processes import Writer, leaving, listen, listen_for

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


def imported(shop: Shop) -> UUID:
    """Let an import tell of an order that came into that status long ago."""
    told = uuid4()
    fact = c.PlacedFact(
        fact_id=uuid4(), occurred_at=NOW - 5_000 * DAY, status="free", currency="EUR"
    )
    whose = who(told) | {"actor": actor("import")}
    shop.does(c.RecordFacts(**whose, path="shop", facts=(fact,)))
    return told


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


def test_of_the_missed_hours_of_several_triggers_an_order_is_told_the_latest(shop: Shop) -> None:
    publish(shop, on=[
        {"schedule": {"at": ["09:30"]}, "in": ["free", "waiting"]},
        {"schedule": {"at": ["10:00"]}, "in": ["free"]},
    ])  # fmt: skip
    free, waiting = place(shop, 2)
    shop.does(c.ChangeStatus(**who(waiting), to_status="waiting"))
    shop.at(TWO)

    assert shop.fire() == 2
    assert shop.fire() == 0
    half_an_hour = timedelta(minutes=30)
    assert struck(shop) == {(free, TEN): 1, (waiting, TEN - half_an_hour): 1}


def test_d10_a_backtest_counts_the_hours_as_the_clock_told_them(shop: Shop) -> None:
    """Two schedules with an hour in common, over a weekend; orders come, leave and come back."""
    on = [
        {"schedule": AT, "in": ["free"]},
        {"schedule": {"at": ["10:00"], "days": "every"}, "in": ["free", "waiting"]},
    ]
    publish(shop, on=on)
    first, second = place(shop, 2)
    steps: dict[datetime, list[Command]] = {
        TEN: [c.ChangeStatus(**who(first), to_status="new")],
        TWO: [c.ChangeStatus(**who(first), to_status="free")],
        TWO + DAY: [c.AddNote(**who(second), text="Called")],
    }
    for day in range(7):
        for hour in (TEN + day * DAY, TWO + day * DAY):
            shop.at(hour)
            shop.fire()
            shop.at(timedelta(minutes=1))
            shop.does(*steps.get(hour, []))

    rule = Rule.model_validate({"rule": "reminder", "on": on, "then": [{"note": "Ring again"}]})
    part = Part(0, shop.system.log.head().position, NOW, shop.time.now)
    (tested,) = backtest(shop.system.projection_log, [rule], part)

    told = struck(shop)
    assert tested.results == {"fired": told.total()}
    assert {(one.order_id, one.occurred_at) for one in tested.would} == {*told}
    assert tested.conflicts == {}


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


def test_of_orders_of_which_only_an_import_has_told_nobody_is_told(shop: Shop) -> None:
    remind(shop)
    (known,) = place(shop)
    old, taken_up = (imported(shop) for _ in range(2))
    shop.does(c.AddNote(**who(taken_up), text="He asks for it again"))
    shop.at(TEN)

    assert shop.fire() == 2
    assert shop.fire() == 0
    shop.at(timedelta(minutes=1))
    shop.does(c.AddNote(**who(old), text="So does he"))
    assert shop.fire() == 0
    shop.at(TWO)
    assert shop.fire() == 3

    assert struck(shop) == Counter(
        [(one, TEN) for one in (known, taken_up)] + [(one, TWO) for one in (known, taken_up, old)]
    )


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
        {"schedule": {"at": ["10:00"]}, "in": ["waiting"]},
        {"schedule": {"at": ["09:30"], "days": "every"}, "in": ["free"]},
    ])  # fmt: skip
    ids = place(shop, 7)
    shop.at(TEN)
    shop.system.catch_up()

    assert shop.clock(at_once=at_once).fire() == 14
    assert shop.clock().fire() == 0

    half_past = NOW + timedelta(minutes=30)
    told = Counter((one.rule, one.due_at) for one in fired(shop))
    assert told == {("reminder", TEN): 7, ("other", half_past): 7}
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


ORDERS = 20_000


def looked_at(shop: Shop) -> int:
    """Count the orders that a clock looks at when it asks which hours have come."""
    with shop.session().connection() as connection, connection.transaction():
        DueSchedules().list_due(connection.cursor(), Ask(shop.time.now, limit=100_000))
        row = connection.execute(
            "select sum(seq_tup_read + idx_tup_fetch)::int from pg_stat_xact_user_tables"
            " where relname = 'standings'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def asked(shop: Shop) -> list[tuple[str, int, datetime]]:
    """Give the hours of which every order was told, as the database remembers them."""
    with shop.system.lend("orderpath_projector") as connection:
        return connection.execute(
            "select rule, rule_version, due_at from ops.asked_hours order by rule, due_at"
        ).fetchall()


def test_an_hour_that_was_told_is_asked_for_again_only_of_orders_that_something_happened_to(
    shop: Shop,
) -> None:
    publish(shop, on=[{"schedule": AT, "in": ["new"]}])
    ids = shop.place(ORDERS)
    shop.at(TEN)
    shop.system.catch_up()
    clock = clockwork_of(shop.system, (DueSchedules(),))
    assert looked_at(shop) >= ORDERS

    assert clock.fire() == ORDERS
    assert looked_at(shop) == 0
    assert clockwork_of(shop.system, (DueSchedules(),)).fire() == 0
    shop.does(*(c.AddNote(**who(one), text="Rang") for one in ids[:3]))
    assert looked_at(shop) <= 3

    assert struck(shop) == Counter((one, TEN) for one in ids)
    assert asked(shop) == [("reminder", 1, TEN)]


def test_an_order_that_was_there_by_the_hour_is_told_of_it_when_the_tables_know_it(
    shop: Shop,
) -> None:
    remind(shop)
    (known,) = place(shop)
    shop.system.catch_up()
    (unknown,) = place(shop)
    shop.at(TEN)

    assert shop.clock().fire() == 1
    assert asked(shop) == [("reminder", 1, TEN)]
    assert shop.fire() == 1
    assert shop.fire() == 0
    assert struck(shop) == Counter([(known, TEN), (unknown, TEN)])


def test_the_next_version_of_a_rule_has_told_nobody_of_its_hours(shop: Shop) -> None:
    remind(shop)
    (free,) = place(shop)
    (new,) = shop.place()
    shop.at(TEN)
    shop.system.catch_up()
    assert clockwork_of(shop.system, (DueSchedules(),)).fire() == 1
    shop.at(timedelta(seconds=-1))
    publish(shop, on=[{"schedule": AT, "in": ["free", "new"]}])
    shop.at(TEN)

    assert clockwork_of(shop.system, (DueSchedules(),)).fire() == 1
    assert struck(shop) == Counter([(free, TEN), (new, TEN)])
    assert asked(shop) == [("reminder", 2, TEN)]


def test_hours_go_on_as_they_were_if_something_else_of_the_rule_has_changed(shop: Shop) -> None:
    remind(shop)
    (order_id,) = place(shop)
    shop.at(TEN + timedelta(minutes=1))
    remind(shop, title={"en": "Ring them again"})

    assert shop.fire() == 1
    assert shop.fire() == 0
    assert struck(shop) == {(order_id, TEN): 1}
    shop.at(TWO)
    assert shop.fire() == 1
    remind(shop, mode="shadow")
    assert shop.fire() == 0


@pytest.mark.parametrize(
    "between",
    [{"mode": "off"}, {"schedule": {"at": ["18:00"]}}, {"schedule": AT | {"days": "every"}}],
)
def test_hours_that_were_not_in_force_meanwhile_begin_anew(
    shop: Shop, between: dict[str, Any]
) -> None:
    remind(shop)
    (order_id,) = place(shop)
    shop.at(TEN + timedelta(minutes=1))
    remind(shop, **between)
    remind(shop)

    assert shop.fire() == 0
    shop.at(TWO)
    assert shop.fire() == 1
    assert struck(shop) == {(order_id, TWO): 1}


def test_an_hour_is_for_the_orders_of_the_schedule_that_has_it(shop: Shop) -> None:
    on = [
        {"schedule": {"at": ["10:00"]}, "in": ["new"]},
        {"schedule": {"at": ["18:00"]}, "in": ["free"]},
    ]
    publish(shop, on=on)
    (order_id,) = shop.place()
    shop.at(TEN)
    shop.system.catch_up()
    due = clockwork_of(shop.system, (DueSchedules(),)).list_due(shop.time.now)
    shop.does(c.ChangeStatus(**who(order_id), to_status="free"))
    shop.does(*(one.command for one in due))

    assert struck(shop) == {(order_id, TEN): 1}
    assert runs(shop) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_killed_leaves_nothing_untold_and_nothing_told_twice(
    shop: Shop, step: Step, fault: Fault
) -> None:
    remind(shop)
    ids = place(shop, 20)
    shop.at(TEN)
    shop.system.catch_up()
    clock = Writer(fire_and, shop.system.url, shop.time.now, step, signal.SIGKILL)
    with leaving([clock]):
        listen([clock], lambda: clock.ended)
        fault("clock killed")
    assert bool(asked(shop)) == (step == "behind the answers")

    shop.clock().fire()

    assert asked(shop) == [("reminder", 1, TEN)]
    assert struck(shop) == Counter((one, TEN) for one in ids)


def test_clocks_at_once_that_are_killed_again_and_again_tell_of_every_hour_once(
    shop: Shop, rounds: int, fault: Fault
) -> None:
    remind(shop, {"at": [f"{hour:02}:00" for hour in range(10, 22)], "days": "every"})
    random = Random(9)
    expected: Counter[tuple[UUID, datetime]] = Counter()
    shop.at(TEN - timedelta(minutes=1))
    ids: list[UUID] = []
    with leaving([]) as clocks:
        for number in range(min(rounds, 11)):
            ids += place(shop, 40)
            shop.at(TEN + number * timedelta(hours=1))
            shop.system.catch_up()
            two = [Writer(fire_until_killed, shop.system.url, shop.time.now) for _ in range(2)]
            clocks.extend(two)
            listen_for(two, random.uniform(0.1, 0.6))
            for clock in two:
                clock.kill()
                fault("clock killed")
            shop.fire()
            expected.update((one, shop.time.now) for one in ids)
            assert asked(shop) == [("reminder", 1, shop.time.now)]
    assert struck(shop) == expected
