"""A rule that has sent as much within the minute as it may waits with its orders, nobody else."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.messages import Command, Outcome
from domain.orders import commands as c
from domain.refusals import InfraError
from domain.rules.line import SetRuleMode
from domain.rules.rule import Mode
from infra.postgres import Session
from projections.reports.rule_runs import list_runs
from projections.reports.scope import Reader
from services.acting import AT_ONCE, Acting, Submit
from services.bootstrap import utc_now
from tests.integration.projections.world import World
from tests.integration.rules.ruling import CLOCK, act_until_killed, acting, fire, publish, settle
from tests.integration.rules.test_parked import apply_all, poisoned_at
from tests.support.examples import actor
from tests.support.faults import Fault
from tests.support.processes import Writer, leaving, listen, listen_for

MINUTE = timedelta(minutes=1)
NUMBER = {"set": {"track_number": "T"}}
CARRIER = {"set": {"delivery_method": "courier"}}
SLOW = {"rule": "slow", "order": 10, "limits": {"per_minute": 1}, "then": [NUMBER]}
BEFORE: Mapping[str, Any] = {"rule": "fast", "order": 5, "then": [CARRIER]}
BEHIND: Mapping[str, Any] = {"rule": "fast", "order": 20, "then": [CARRIER]}
ON_NOTE: Mapping[str, Any] = {"rule": "noted", "on": [{"event": "order.note_added"}]} | {
    "then": [{"assign": {"group": "callers"}}]
}


def sent(world: World) -> Counter[str]:
    """Count what each rule has sent, as the log has it."""
    events = (one for one in world.events() if getattr(one, "actor_kind", "") == "trigger")
    return Counter(one.actor_id for one in events)  # type: ignore[union-attr]


def set_mode(world: World, rule: str, mode: Mode) -> None:
    world.send(SetRuleMode(command_id=uuid4(), actor=CLOCK, rule=rule, mode=mode))


def note(world: World, order_id: UUID) -> None:
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Called"))


def act_on(world: World, hand: Acting) -> None:
    """Act and judge until nothing may go within the minute."""
    world.catch_up()
    while hand.catch_up():
        world.catch_up()


def waits(world: World) -> list[Any]:
    return world.query("select * from ops.acting_passed")


def out_of_order(world: World) -> int:
    """Count the acts that came into the log behind a later one of their order."""
    ((found,),) = world.query(
        "select count(*) from (select (a.position, a.act_no) < lag((a.position, a.act_no)) over ("
        " partition by a.order_id order by e.position) as early"
        " from live.rule_acts a join log.events e using (command_id)) x where early"
    )
    return int(found)


def test_a_rule_that_waits_holds_up_no_act_of_another_rule_for_another_order(world: World) -> None:
    publish(world, SLOW, BEFORE, ON_NOTE)
    orders = [world.place() for _ in range(6)]
    world.catch_up()
    hand = acting(world)

    act_on(world, hand)
    assert sent(world) == {"slow": 1, "fast": 6}
    others = [world.place() for _ in range(2)]
    act_on(world, hand)
    assert sent(world) == {"slow": 1, "fast": 8}

    for minute in range(2, 9):
        world.now += MINUTE
        act_on(world, hand)
        assert sent(world) == {"slow": minute, "fast": 8}
    assert (waits(world), out_of_order(world)) == ([], 0)
    assert world.query("select distinct rule from live.alerts") == [("slow",)]
    note(world, orders[0])
    note(world, others[0])
    act_on(world, hand)
    assert sent(world)["noted"] == 2


def test_what_is_sent_again_counts_once_and_nobody_is_told_that_it_waits(world: World) -> None:
    publish(world, SLOW)
    world.place()
    world.catch_up()
    busy: Future[Outcome] = Future()
    busy.set_exception(InfraError("overloaded", "50000 commands are waiting already"))
    first = iter([busy])

    def submit(command: Command) -> Future[Outcome]:
        return next(first, None) or world.pipeline.submit(command)

    hand = Acting(world.lend, submit, lambda: world.now)
    with pytest.raises(InfraError):
        hand.step()

    act_on(world, hand)

    assert sent(world) == {"slow": 1}
    assert world.query("select rule from live.alerts") == []


def test_what_rules_give_later_for_an_order_that_waits_waits_behind_and_comes_in_its_order(
    world: World,
) -> None:
    publish(world, SLOW, BEHIND, ON_NOTE)
    orders = [world.place() for _ in range(3)]
    world.catch_up()
    hand = acting(world)
    act_on(world, hand)
    assert sent(world) == {"slow": 1, "fast": 1}
    for order_id in orders:
        note(world, order_id)

    act_on(world, hand)
    assert sent(world) == {"slow": 1, "fast": 1, "noted": 1}
    world.now += MINUTE
    act_on(world, hand)
    assert sent(world) == {"slow": 2, "fast": 2, "noted": 2}
    world.now += MINUTE
    act_on(world, hand)

    assert sent(world) == {"slow": 3, "fast": 3, "noted": 3}
    assert (waits(world), out_of_order(world)) == ([], 0)


def test_a_rule_that_waits_is_one_alert_a_day_in_however_many_minutes(world: World) -> None:
    publish(world, SLOW)
    for _ in range(12):
        world.place()
    world.catch_up()
    hand, another = acting(world), acting(world)
    alerts = "select since from live.alerts where kind = 'rule_waits' order by 1"
    begin = world.now.replace(second=0, microsecond=0)

    for _ in range(5):
        act_on(world, hand)
        act_on(world, another)
        world.now += MINUTE
    assert world.query(alerts) == [(begin,)]
    world.now += timedelta(days=1)
    act_on(world, hand)

    assert world.query(alerts) == [(begin,), (world.now.replace(second=0, microsecond=0),)]


@pytest.mark.parametrize("mode", ["off", "shadow"])
def test_a_rule_that_is_turned_off_sends_nothing_more_of_what_it_has_in_hand(
    world: World, reader: Reader, mode: Mode
) -> None:
    publish(world, SLOW, BEHIND, ON_NOTE)
    orders = [world.place() for _ in range(4)]
    world.catch_up()
    hand = acting(world)
    act_on(world, hand)
    for order_id in orders:
        note(world, order_id)
    set_mode(world, "slow", mode)
    set_mode(world, "slow", "live")

    world.now += MINUTE
    act_on(world, hand)

    assert sent(world) == {"slow": 1, "fast": 4, "noted": 4}
    assert (waits(world), out_of_order(world)) == ([], 0)
    acts = [list_runs(reader, one, "slow")[0]["acts"][0]["outcome"] for one in orders]
    assert acts == ["accepted", "turned_off", "turned_off", "turned_off"]
    world.place()
    act_on(world, hand)
    assert sent(world)["slow"] == 2


@pytest.mark.parametrize(("per_minute", "next_minute"), [(1_000, 6), (3, 3)])
def test_how_many_of_those_that_wait_go_says_the_latest_version_of_the_rule(
    world: World, per_minute: int, next_minute: int
) -> None:
    publish(world, SLOW | {"limits": {"per_minute": 2}}, BEHIND)
    for _ in range(6):
        world.place()
    world.catch_up()
    hand = acting(world)
    act_on(world, hand)
    publish(world, SLOW | {"limits": {"per_minute": per_minute}})
    for _ in range(2):
        world.place()

    world.now += MINUTE
    act_on(world, hand)

    assert sent(world)["slow"] == 2 + next_minute
    versions = world.query("select distinct rule_version from live.alerts order by 1")
    assert versions == ([(1,)] if per_minute > 3 else [(1,), (2,)])
    assert out_of_order(world) == 0


def test_who_is_killed_while_a_rule_is_turned_off_sends_nothing_twice_and_loses_nothing(
    world: World,
) -> None:
    publish(world, SLOW | {"limits": {"per_minute": 3}}, BEHIND)
    for _ in range(3):
        world.place()
    world.catch_up()
    left = iter(range(3))

    def submit(command: Command) -> Future[Outcome]:
        if next(left, None) is None:
            raise InfraError("killed", "before anything is noted")
        answer = world.pipeline.submit(command)
        answer.result()
        return answer

    with pytest.raises(InfraError, match="before anything is noted"):
        Acting(world.lend, submit, lambda: world.now).step()
    before = sent(world)["slow"]
    set_mode(world, "slow", "off")
    act_on(world, acting(world))

    assert sent(world) == {"slow": before, "fast": 3}
    outcomes = world.query("select outcome from analytics.trigger_acts where rule = 'slow'")
    assert Counter(outcomes) == {("accepted",): before, ("turned_off",): 3 - before}
    world.models.rebuild("trigger_runs")
    assert sent(world) == {"slow": before, "fast": 3}


def test_what_stops_a_circle_is_sent_though_the_rule_that_gives_it_is_stopped(
    world: World,
) -> None:
    again = {"on": [{"event": "order.note_added"}], "limits": {"per_order": 2, "per_minute": 100}}
    publish(world, {"rule": "again", "then": [{"note": "Again"}]} | again)
    note(world, world.place())
    act_on(world, acting(world))

    assert world.query("select kind, rule from live.alerts") == [("rule_stopped", "again")]
    assert world.query("select result from live.trigger_runs order by position") == [
        ("fired",), ("fired",), ("stopped",),
    ]  # fmt: skip


def test_what_the_clock_led_to_waits_with_its_order(world: World) -> None:
    publish(world, SLOW | {"delay": "1m"}, ON_NOTE)
    orders = [world.place() for _ in range(2)]
    world.catch_up()
    world.now += MINUTE
    assert fire(world) == 2
    hand = acting(world)
    act_on(world, hand)
    for order_id in orders:
        note(world, order_id)

    act_on(world, hand)
    assert sent(world) == {"slow": 1, "noted": 1}
    world.now += MINUTE
    act_on(world, hand)

    assert sent(world) == {"slow": 2, "noted": 2}
    assert (waits(world), out_of_order(world)) == ([], 0)


def test_why_not_names_the_rule_that_an_act_waits_for(world: World, reader: Reader) -> None:
    publish(world, SLOW, BEHIND)
    orders = [world.place() for _ in range(2)]
    world.catch_up()
    act_on(world, acting(world))

    (first,), (second,) = (list_runs(reader, one, "fast") for one in orders)

    assert [(act["outcome"], act["waits_for"]) for act in first["acts"] + second["acts"]] == [
        ("accepted", None),
        ("waiting", "slow"),
    ]


@pytest.fixture
def reader(world: World) -> Iterator[Reader]:
    with (
        psycopg.connect(world.url, row_factory=psycopg.rows.dict_row) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("set search_path = analytics")
        yield cursor


def test_more_orders_than_are_taken_at_once_wait_and_hold_up_nobody(world: World) -> None:
    """All of one shard, more acts of one order among them than are taken at once."""
    publish(
        world,
        SLOW
        | {"on": [{"event": "order.note_added"}], "limits": {"per_minute": 1, "per_order": 1000}},
        BEHIND,
    )
    first = world.place()
    for _ in range(AT_ONCE + 2):
        note(world, first)
    others = [world.place() for _ in range(20)]
    note(world, others[0])
    hand = acting(world)
    act_on(world, hand)

    assert sent(world) == {"fast": 21, "slow": 1}
    world.now += MINUTE
    act_on(world, hand)
    assert sent(world) == {"fast": 21, "slow": 1}, "The same number again is no event."
    assert out_of_order(world) == 0


def test_an_order_that_waits_and_is_parked_further_on_loses_nothing(world: World) -> None:
    publish(world, SLOW, BEHIND, ON_NOTE)
    first, second = world.place(), world.place()
    world.catch_up()
    hand = acting(world)
    hand.catch_up()
    note(world, first)
    note(world, second)
    apply_all(world, poisoned_at((second, 2)))
    hand.catch_up()
    assert sent(world) == {"slow": 1, "fast": 1, "noted": 1}

    world.now += MINUTE
    hand.catch_up()
    assert sent(world) == {"slow": 2, "fast": 2, "noted": 1}
    assert hand.step() is None
    world.models.retry("trigger_runs")
    act_on(world, hand)

    assert sent(world) == {"slow": 2, "fast": 2, "noted": 2}
    assert (waits(world), out_of_order(world)) == ([], 0)


def test_who_is_killed_before_it_notes_who_waits_sends_the_same_and_nothing_is_lost(
    world: World,
) -> None:
    publish(world, SLOW, BEHIND)
    for _ in range(3):
        world.place()
    world.catch_up()

    def killed_after(answers: int) -> Submit:
        left = iter(range(answers))

        def submit(command: Command) -> Future[Outcome]:
            if next(left, None) is None:
                raise InfraError("killed", "before anything is noted")
            return world.pipeline.submit(command)

        return submit

    for answers in range(3):
        with pytest.raises(InfraError, match="before anything is noted"):
            Acting(world.lend, killed_after(answers), lambda: world.now).step()
        assert waits(world) == []
    for _ in range(3):
        act_on(world, acting(world))

    assert sent(world) == {"slow": 3, "fast": 3}
    assert (waits(world), out_of_order(world)) == ([], 0)


def test_who_is_frozen_while_orders_wait_for_its_pace_comes_too_late_to_note_anything(
    world: World,
) -> None:
    publish(world, SLOW, BEHIND)
    for _ in range(4):
        world.place()
    world.catch_up()
    another = acting(world)

    def frozen(command: Command) -> Future[Outcome]:
        """Lose the session, and let another one act meanwhile, for two minutes."""
        if not sent(world):
            with psycopg.connect(world.url, autocommit=True) as owner:
                owner.execute(
                    "select pg_terminate_backend(l.pid) from pg_locks l"
                    " where l.relation = 'ops.acting'::regclass and l.mode = 'RowShareLock'"
                    " and l.database = (select oid from pg_database"
                    " where datname = current_database())"  # Each test has the same ids of tables.
                )
            act_on(world, another)
            world.now += MINUTE
            act_on(world, another)
        return world.pipeline.submit(command)

    session = Session(world.url, role="orderpath_projector", name="orderpath acting")
    with pytest.raises(InfraError):
        Acting(session.connection, frozen, lambda: world.now).step()
    session.close()
    assert len(waits(world)) == 2
    for _ in range(2):
        world.now += MINUTE
        act_on(world, another)

    assert sent(world) == {"slow": 4, "fast": 4}
    assert (waits(world), out_of_order(world)) == ([], 0)


@pytest.mark.parametrize("at_once", [1, 3, AT_ONCE])
def test_whatever_happens_while_orders_wait_all_is_sent_once_and_in_the_order_of_its_order(
    world: World, rounds: int, fault: Fault, at_once: int
) -> None:
    """Two that act fall and begin anew, streams are parked and let through, minutes go by."""
    later = {"rule": "later", "delay": "2m", "limits": {"per_minute": 2}, "then": [{"note": "!"}]}
    publish(world, SLOW, {**BEHIND, "limits": {"per_minute": 3}}, later)
    random = Random(at_once)
    orders: list[UUID] = []

    def falling(command: Command) -> Future[Outcome]:
        if (chance := random.random()) < 0.1:
            fault("acting fell while orders wait")
            if chance < 0.05:
                world.pipeline.execute(command)
            raise InfraError("killed", "before anything is noted")
        return world.pipeline.submit(command)

    def hand() -> Acting:
        return Acting(world.lend, falling, lambda: world.now, at_once=at_once)

    def act() -> None:
        try:
            random.choice(hands).step()
        except InfraError:
            hands[random.randrange(2)] = hand()

    def call() -> None:
        if orders:
            note(world, random.choice(orders))

    hands = [hand(), hand()]
    events: list[Callable[[], object]] = [
        *[act] * 8,
        *[lambda: orders.append(world.place())] * 3,
        call,
        lambda: apply_all(world, poisoned_at(*((one, 2) for one in orders[::5]))),
        lambda: world.models.retry("trigger_runs"),
        *[world.catch_up] * 2,
        lambda: fire(world),
        lambda: setattr(world, "now", world.now + MINUTE / 2),
    ]
    for _ in range(100 * rounds):
        random.choice(events)()
    world.models.retry("trigger_runs")
    for _ in range(len(orders) + 3):
        world.now += MINUTE
        fire(world)
        settle(world)

    assert sent(world)["slow"] == sent(world)["later"] == len(orders)
    assert (waits(world), out_of_order(world)) == ([], 0)
    outcomes = world.query("select distinct outcome from analytics.trigger_acts")
    assert {outcome for (outcome,) in outcomes} <= {"accepted", "nothing"}
    assert not world.models.verify("trigger_runs").differing


def test_who_acts_is_killed_again_and_again_while_orders_wait(
    world: World, rounds: int, fault: Fault
) -> None:
    """Two at a time, to whom a minute is half a second."""
    publish(world, SLOW | {"limits": {"per_minute": 3}}, BEHIND, ON_NOTE)
    world.catch_up()
    random = Random(5)
    orders: list[UUID] = []
    with leaving([]) as writers:
        for _ in range(rounds):
            hands = [Writer(act_in_haste, world.url), Writer(act_in_haste, world.url)]
            writers.extend(hands)
            listen(hands, partial(_have_spoken, hands))
            for _ in range(random.randrange(4, 12)):
                orders.append(world.place())
                note(world, random.choice(orders))
            listen_for(hands, random.uniform(0, 0.8))
            for hand in hands:
                hand.kill()
                fault("acting killed while orders wait")
    for _ in orders:
        world.now += MINUTE
        settle(world)

    assert sent(world)["slow"] == sent(world)["fast"] == len(orders)
    assert (waits(world), out_of_order(world)) == ([], 0)
    left = world.query(
        "select count(*) from analytics.trigger_acts where outcome not in ('accepted', 'nothing')"
    )
    assert left == [(0,)]
    assert not world.models.verify("trigger_runs").differing


def _have_spoken(hands: list[Writer]) -> bool:
    return all(hand.said for hand in hands)


def act_in_haste(pipe: Connection, url: str) -> None:
    act_until_killed(pipe, url, now=hurried)


def hurried() -> datetime:
    began = datetime(2030, 1, 1, tzinfo=utc_now().tzinfo)
    return began + (utc_now() - began) * 120
