"""What rules give is sent once: whoever is killed, however many act, whatever is rebuilt."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from domain.messages import Command, Outcome, Recorded
from domain.orders import commands as c
from domain.orders import events as e
from domain.refusals import InfraError
from infra.postgres import Session
from infra.shards import shard_of
from services.acting import AT_ONCE, Acting
from services.bootstrap import utc_now
from tests.integration.projections.world import World
from tests.integration.rules.ruling import act_until_killed, acting, publish, settle, status_of
from tests.support.examples import COMMANDS, ORDER_ID, actor
from tests.support.faults import Fault
from tests.support.processes import Writer, leaving, listen, listen_for

IMPORT = {"actor": actor("import")}
NOTED = {"event": "order.note_added"}
PARCEL = {"track_number": "T-1"}
GREET = {"rule": "greet", "then": [{"note": "Hello"}, {"set": {"track_number": "T"}}]}


def notes(world: World) -> list[str]:
    """Name the order of every note in the log."""
    found = (one for one in world.events() if isinstance(one, Recorded))
    return [one.entity_id for one in found if isinstance(one.event, e.NoteAdded)]


def _has_spoken(writer: Writer) -> bool:
    return bool(writer.said)


def greeted_once(world: World, orders: list[UUID]) -> None:
    assert sorted(notes(world)) == sorted(map(str, orders))


def test_who_acts_is_killed_again_and_again_and_everything_is_sent_once(
    world: World, rounds: int, fault: Fault
) -> None:
    publish(world, GREET)
    world.catch_up()
    random, orders = Random(11), []
    with leaving([]) as writers:
        for _ in range(rounds):
            hand = Writer(act_until_killed, world.url)
            writers.append(hand)
            listen([hand], partial(_has_spoken, hand))
            orders += [world.place() for _ in range(random.randrange(1, 12))]
            listen_for([hand], random.uniform(0, 0.3))
            hand.kill()
            fault("acting killed")
    settle(world)

    greeted_once(world, orders)
    assert not world.models.verify("trigger_runs").differing


def test_two_that_act_at_once_send_everything_once(world: World) -> None:
    publish(world, GREET)
    orders = [world.place() for _ in range(60)]
    world.catch_up()
    together = Barrier(2)

    def work() -> int:
        session = Session(world.url, role="orderpath_projector", name="orderpath acting")
        together.wait()
        sent = Acting(session.connection, world.pipeline.submit, utc_now).catch_up()
        session.close()
        return sent

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(work) for _ in range(2)]
        sent = sum(one.result() for one in both)

    greeted_once(world, orders)
    assert sent >= 2 * len(orders)


def test_what_is_answered_and_not_noted_is_sent_again_and_answered_as_before(world: World) -> None:
    publish(world, GREET)
    orders = [world.place() for _ in range(3)]
    world.catch_up()
    assert acting(world).catch_up() == 6
    head = world.log.head()
    world.query("update ops.acting set position = 0 returning 1")

    assert acting(world).catch_up() == 6
    assert world.log.head() == head
    greeted_once(world, orders)


MOVED_ON = {
    "rule": "go",
    "if": {"is_new": "order.status == 'new'"},
    "then": [{"move": "confirmed"}, {"note": "Confirmed"}, {"assign": {"group": "x"}}],
}


def test_a_rule_carries_out_all_its_actions_though_the_first_makes_its_condition_untrue(
    world: World,
) -> None:
    publish(world, MOVED_ON)
    orders = [world.place() for _ in range(40)]
    settle(world)

    greeted_once(world, orders)
    outcomes = world.query("select outcome, count(*) from analytics.trigger_acts group by 1")
    assert outcomes == [("accepted", 120)]


def test_who_is_killed_between_two_actions_goes_on_behind_the_first(world: World) -> None:
    publish(world, MOVED_ON)
    order_id = world.place()
    world.catch_up()
    sent: list[Command] = []

    def first_only(command: Command) -> Future[Outcome]:
        sent.append(command)
        if len(sent) == 1:
            return world.pipeline.submit(command)
        future: Future[Outcome] = Future()
        future.set_exception(InfraError("database_unavailable", "away"))
        return future

    with pytest.raises(InfraError, match="away"):
        Acting(world.lend, first_only, utc_now).step()
    assert notes(world) == []
    settle(world)

    greeted_once(world, [order_id])
    outcomes = world.query("select outcome from analytics.trigger_acts")
    assert outcomes == [("accepted",)] * 3


def test_a_command_that_finds_no_database_holds_its_shard_until_it_is_answered(
    world: World,
) -> None:
    publish(world, GREET)
    orders = [world.place() for _ in range(3)]
    world.catch_up()

    def away(_: Command) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        future.set_exception(InfraError("database_unavailable", "away"))
        return future

    with pytest.raises(InfraError, match="away"):
        Acting(world.lend, away, utc_now).step()
    assert notes(world) == []
    settle(world)
    greeted_once(world, orders)


def test_a_rule_sends_no_more_within_a_minute_than_it_may_and_the_admins_know(
    world: World,
) -> None:
    publish(world, GREET | {"limits": {"per_minute": 4}})
    orders = [world.place() for _ in range(5)]
    world.catch_up()
    slow = Acting(world.lend, world.pipeline.submit, lambda: world.now)

    assert slow.catch_up() == 4
    assert slow.catch_up() == 0
    world.catch_up()
    found = world.query("select kind, rule, count(*) from live.alerts group by 1, 2")
    assert found == [("rule_waits", "greet", 1)]

    world.now += timedelta(minutes=1)
    assert slow.catch_up() == 4
    world.now += timedelta(minutes=1)
    assert slow.catch_up() == 2
    greeted_once(world, orders)


def test_what_a_rebuild_gives_and_never_sends_is_no_fault(world: World) -> None:
    """Newer code may judge what lies behind otherwise: nothing of that is sent."""
    publish(world, {"rule": "greet", "then": [{"note": "Hello"}]})
    world.place()
    world.query("update ops.acting set position = 1000000 returning 1")
    world.models.rebuild("trigger_runs")
    of_rebuild = world.query("select outcome from analytics.trigger_acts")
    world.place()
    world.catch_up()

    of_both = world.query("select outcome from analytics.trigger_acts order by position")
    assert of_rebuild == [("not_sent",)]
    assert of_both == [("not_sent",), ("failed",)]


def test_a_rule_that_waits_in_one_shard_holds_up_no_other(world: World) -> None:
    many = {"per_minute": 1, "per_order": 1_000}
    publish(
        world,
        {"rule": "slow", "on": [NOTED], "then": [{"set": PARCEL}], "limits": many},
        {"rule": "go", "on": [{"event": "order.call_logged"}], "then": [{"move": "confirmed"}]},
    )
    orders = [world.place() for _ in range(12)]
    note = c.AddNote(command_id=uuid4(), actor=actor(), order_id=orders[0], text="Called")
    world.send(*[note] * (AT_ONCE + 2))
    call = COMMANDS["order.log_call"]
    world.send(*(call.model_copy(update={"order_id": one}) for one in orders[1:]))
    world.catch_up()
    slow = Acting(world.lend, world.pipeline.submit, lambda: world.now)
    slow.catch_up()
    world.catch_up()

    behind = shard_of(f"order-{orders[0]}")
    elsewhere = [one for one in orders if shard_of(f"order-{one}") != behind]
    assert len(elsewhere) > 5
    assert {status_of(world, one) for one in elsewhere} == {"confirmed"}


def test_what_an_import_tells_is_not_acted_on_and_what_follows_is(world: World) -> None:
    publish(world, GREET, {"rule": "noted", "on": [NOTED], "then": [{"set": PARCEL}]})
    (outcome,) = world.send(COMMANDS["order.record_facts"].model_copy(update=IMPORT))
    assert outcome.kind == "accepted", outcome
    settle(world)
    assert world.query("select count(*) from live.trigger_runs") == [(0,)]

    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=ORDER_ID, text="Called"))
    settle(world)

    assert world.query("select rule, result from live.trigger_runs") == [("noted", "fired")]


def test_a_rule_whose_template_is_not_there_tells_nobody_and_the_admins_know_once_a_day(
    world: World,
) -> None:
    mail = {"notify": "mail", "to": "customer", "template": "gone"}
    publish(world, {"rule": "greet", "then": [mail]}, {"rule": "other", "then": [{"note": "Hi"}]})
    found = "select kind, rule, title, to_group from live.alerts order by since"
    for day in (1, 2):
        for _ in range(3):
            world.place()
        world.catch_up()
        acting = Acting(world.lend, world.pipeline.submit, lambda: world.now)
        assert acting.catch_up() == 6
        world.catch_up()

        title = "Rule greet tells nobody: no template gone is published"
        assert world.query(found) == [("template_unfit", "greet", title, "admins")] * day
        world.now += timedelta(days=1)
