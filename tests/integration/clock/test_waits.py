"""What rules wait for is fired by the clock, once, and judged with the order as it is then."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.orders import commands as c
from domain.rules.line import PublishRule, SetRuleMode
from domain.rules.rule import Mode, Rule
from domain.rules.timers import TimerFired
from infra.rule_files import load_preset
from services.acting import Acting
from services.backtest import Part, backtest
from services.bootstrap import utc_now
from services.why import chains_of
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


def set_mode(shop: Shop, rule: str, mode: Mode) -> None:
    shop.does(SetRuleMode(command_id=uuid4(), actor=actor(), rule=rule, mode=mode))


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


def test_a22_p34_a_rule_that_is_published_again_goes_on_with_what_it_waits_for(shop: Shop) -> None:
    silent: dict[str, Any] = {"rule": "silent", "on": [{"silence": "2d"}]}
    publish(shop, delay="1d")
    publish(shop, **silent)
    shop.place()
    shop.at(timedelta(hours=1))
    publish(shop, delay="1d", title={"en": "Ring them again"})
    publish(shop, **silent, title={"en": "Silent"})
    set_mode(shop, "silent", "shadow")
    set_mode(shop, "silent", "live")
    for _ in range(4):
        shop.at(timedelta(days=1))
        shop.fire()

    assert [result for _, result in runs(shop)] == ["delayed", "fired", "fired"]
    shop.system.read_models.rebuild("trigger_runs")
    assert shop.system.read_models.verify("trigger_runs").differing == ()


def test_what_a_rule_waits_for_comes_to_nothing_while_it_is_off(shop: Shop) -> None:
    publish(shop, delay="30m")
    publish(shop, rule="silent", on=[{"silence": "2d"}])
    shop.place()
    set_mode(shop, "reminder", "off")
    set_mode(shop, "silent", "off")
    shop.at(timedelta(hours=1))
    shop.fire()
    set_mode(shop, "silent", "live")
    shop.at(timedelta(days=2))
    shop.fire()

    assert [result for _, result in runs(shop)] == ["delayed", "cancelled", "fired"]
    shop.system.read_models.rebuild("trigger_runs")
    assert shop.system.read_models.verify("trigger_runs").differing == ()


def test_p34_what_a_program_tells_late_begins_silence_anew_when_it_tells_it(shop: Shop) -> None:
    shop.at(now := utc_now())
    publish(shop, on=[{"silence": "2d", "in": ["free"]}])
    shop.at(now - timedelta(days=4))
    (order_id,) = shop.place()
    shop.does(c.ChangeStatus(**who(order_id), to_status="free"))
    shop.at(now)
    assert shop.fire() == 1

    for days in (3, 1):
        told = c.SourceStatusFact(
            fact_id=uuid4(), occurred_at=now - timedelta(days=days), source_status="Sent"
        )
        shop.does(
            c.RecordFacts(**who(order_id) | {"actor": actor("api_key")}, path="shop", facts=(told,))
        )
        assert shop.fire() == 0
    shop.at(now + timedelta(days=1, hours=23))
    assert shop.fire() == 0
    shop.at(timedelta(hours=2))
    assert shop.fire() == 1
    assert runs(shop) == [("timer.fired", "fired")] * 2
    shop.system.read_models.rebuild("trigger_runs")
    assert shop.system.read_models.verify("trigger_runs").differing == ()


def test_silence_that_is_broken_while_its_rule_is_off_begins_with_what_happens_next(
    shop: Shop,
) -> None:
    publish(shop, on=[{"silence": "1d", "in": ["free"]}])
    order_id, left_alone, told_again = shop.place(3)
    shop.does(*(c.ChangeStatus(**who(one), to_status="free") for one in shop.orders))
    set_mode(shop, "reminder", "off")
    for one in (order_id, told_again):
        shop.does(c.AddNote(**who(one), text="He rang"))
    set_mode(shop, "reminder", "live")
    shop.at(timedelta(hours=1))
    shop.does(c.AddNote(**who(told_again), text="And again"))
    shop.at(timedelta(days=1))
    shop.fire()

    assert {UUID(one.entity_id) for one in shop.events() if isinstance(one.event, TimerFired)} == {
        left_alone,
        told_again,
    }


def test_d5_behind_a_delay_the_chain_leads_back_to_what_the_rule_looked_at(shop: Shop) -> None:
    publish(shop, delay="30m")
    (order_id,) = shop.place()
    shop.at(timedelta(minutes=30))
    shop.fire()
    shop.system.catch_up()
    Acting(shop.session().connection, shop.system.pipeline.submit, shop.time).catch_up()

    events = [one for one in shop.events() if one.stream_id == f"order-{order_id}"]
    chain = chains_of(shop.system.log, events)[-1]
    assert [link.first.event.NAME for link in chain] == [
        "order.note_added.v1",
        "timer.fired.v1",
        "order.placed.v1",
    ]
    assert len({link.first.correlation_id for link in chain}) == 1
