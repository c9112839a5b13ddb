"""What rules wait for is fired by the clock, once, and judged with the order as it is then."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.orders import commands as c
from domain.rules.line import PublishRule
from domain.rules.rule import Rule
from domain.rules.timers import TimerFired
from infra.rule_files import load_preset
from services.backtest import Part, backtest
from tests.integration.clock.shop import Shop, who
from tests.support.examples import NOW, actor

WAIT = timedelta(hours=1)
LEVELS = {"warn", "due", "escalate_200"}


def publish(shop: Shop, **said: Any) -> None:
    rule = Rule.model_validate(
        {"rule": "reminder", "on": [{"event": "order.placed"}], "then": [{"note": "Ring again"}]}
        | said
    )
    shop.does(PublishRule(command_id=uuid4(), actor=actor(), definition=rule))


def fired(shop: Shop) -> list[TimerFired]:
    return [one.event for one in shop.events() if isinstance(one.event, TimerFired)]


def runs(shop: Shop) -> list[tuple[str, str]]:
    shop.system.catch_up()
    with shop.system.lend("orderpath_projector") as connection:
        return connection.execute(
            "select event, result from live.trigger_runs order by position"
        ).fetchall()


def test_a22_a_delay_ends_when_its_time_has_come(shop: Shop) -> None:
    publish(shop, delay="1h")
    shop.place()
    assert shop.fire() == 0

    shop.at(NOW + WAIT - timedelta(microseconds=1))
    assert shop.fire() == 0
    shop.at(NOW + WAIT)
    assert [*map(type, fired(shop))] == []
    assert shop.fire() == 2  # and the warning of the order's limit
    assert shop.fire() == 0

    (timer,) = fired(shop)
    assert (timer.rule, timer.rule_version, timer.why) == ("reminder", 1, "delay")
    assert timer.due_at == NOW + WAIT
    assert [result for _, result in runs(shop)] == ["delayed", "fired"]


def test_a22_what_made_a_rule_look_is_still_that_behind_the_delay(shop: Shop) -> None:
    told = {"it": "event.type == 'order.placed'", "who": "actor.kind == 'user'"}
    publish(shop, delay="30m", **{"if": told})
    shop.place()
    shop.at(timedelta(minutes=30))
    shop.fire()

    assert [result for _, result in runs(shop)] == ["delayed", "fired"]


def test_a22_a_clock_that_was_away_wakes_nobody_up(shop: Shop) -> None:
    publish(shop, delay="30m", hours="shop")
    shop.place()
    shop.system.catch_up()
    shop.at(NOW + timedelta(hours=14))
    shop.fire()
    assert [result for _, result in runs(shop)] == ["delayed", "delayed"]

    next_morning = NOW + timedelta(days=1)
    shop.at(next_morning - timedelta(microseconds=1))
    shop.fire()
    assert len(fired(shop)) == 1
    shop.at(next_morning)
    shop.fire()

    assert [one.due_at for one in fired(shop)] == [NOW + timedelta(minutes=30), next_morning]
    assert [result for _, result in runs(shop)] == ["delayed", "delayed", "fired"]
    shop.system.read_models.rebuild("trigger_runs")
    assert shop.system.read_models.verify("trigger_runs").differing == ()


def test_p34_silence_is_told_of_once_and_begins_anew_with_whatever_happens(shop: Shop) -> None:
    publish(shop, on=[{"silence": "30m"}])
    (order_id,) = shop.place()
    shop.at(timedelta(minutes=20))
    shop.does(c.AddNote(**who(order_id), text="He rang"))
    shop.at(timedelta(minutes=29))
    assert shop.fire() == 0

    shop.at(timedelta(minutes=1))
    assert shop.fire() == 1
    assert shop.fire() == 0

    (timer,) = fired(shop)
    assert (timer.why, timer.due_at) == ("silence", NOW + timedelta(minutes=50))


def test_p34_who_has_vanished_is_found_after_two_days_whatever_limits_pass_meanwhile(
    shop: Shop,
) -> None:
    rule = load_preset("vanished_customer")
    shop.does(PublishRule(command_id=uuid4(), actor=actor(), definition=rule))
    (order_id,) = shop.place(path="universal")
    manager = {"actor": actor("user", "manager")}
    shop.does(c.ChangeStatus(**who(order_id) | manager, to_status="no_answer"))
    for _ in range(12):
        shop.at(timedelta(hours=6))
        shop.fire()
    shop.place()  # The log's own time goes on with it.

    assert {level for one, level in shop.counted() if one == order_id} == LEVELS
    (timer,) = fired(shop)
    assert (timer.why, timer.due_at) == ("silence", NOW + timedelta(days=2))
    assert runs(shop) == [("timer.fired", "fired")]
    whole = Part(0, shop.system.log.head().position, NOW, shop.time.now)
    (tested,) = backtest(shop.system.log, [rule], whole)
    assert [one.occurred_at for one in tested.would] == [timer.due_at]


def test_what_two_clocks_and_a_rebuild_find_due_is_fired_once(shop: Shop) -> None:
    publish(shop, delay="30m")
    shop.place(20)
    shop.at(NOW + timedelta(minutes=30))
    shop.system.catch_up()

    assert shop.clock().fire() == 20
    shop.system.read_models.rebuild("trigger_runs")
    assert shop.clock().fire() == 0

    assert len({(one.timer_id, one.due_at) for one in fired(shop)}) == len(fired(shop)) == 20
