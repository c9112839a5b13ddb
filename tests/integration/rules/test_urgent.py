"""What stops a loop waits for no pace, and is sent once; afterwards nobody else is held up. A rule
that is turned off does nothing more from that event on, whatever of it is under way.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.messages import Command, Outcome, Recorded
from domain.orders import commands as c
from domain.refusals import InfraError
from domain.rules.line import RulePublished
from domain.rules.rule import Mode
from services.acting import Acting
from tests.integration.projections.world import World
from tests.integration.rules.ruling import acting, publish
from tests.integration.rules.test_loops import modes
from tests.integration.rules.test_pace import act_on, note, sent, set_mode, waits
from tests.integration.rules.test_parked import apply_all, poisoned_at
from tests.support.examples import actor
from tests.support.loads import open_pipeline

WIDE: Mapping[str, Any] = {"rule": "wide", "on": [{"event": "order.note_added"}]} | {
    "then": [{"note": f"Note {number}"} for number in range(3)]
}
ON_OWNER: Mapping[str, Any] = {"rule": "other", "on": [{"event": "order.owner_assigned"}]} | {
    "then": [{"task": "Look", "to": {"group": "managers"}}]
}


def begin_loop(world: World, per_minute: int, orders: int = 4) -> list[UUID]:
    """Let a rule look that stops at its third turn, and another one behind it on each order."""
    limits = {"per_minute": per_minute, "per_order": 2}
    publish(world, {**WIDE, "limits": limits}, ON_OWNER)
    placed = [world.place() for _ in range(orders)]
    for order_id in placed:
        note(world, order_id)
        (outcome,) = world.send(
            c.AssignOwner(command_id=uuid4(), actor=actor(), order_id=order_id, user="ann")
        )
        assert outcome.kind == "accepted", outcome
    world.catch_up()
    return placed


def stops(world: World) -> list[tuple[str, str]]:
    """Name the commands that stop loops, as they were given, and what became of each."""
    return world.query(
        "select command, outcome from analytics.trigger_acts"
        " where body #>> '{actor,kind}' = 'system' order by 1"
    )


def test_what_stops_a_loop_goes_at_the_next_step_though_the_pace_is_spent_and_so_do_others(
    world: World,
) -> None:
    begin_loop(world, per_minute=4)
    hand = acting(world)
    hand.catch_up()
    world.catch_up()
    assert (sent(world), modes(world)["wide"]) == ({"wide": 3, "other": 1}, "live")
    assert len(waits(world)) == 3

    hand.step()
    assert modes(world) == {"wide": "shadow", "other": "live"}
    hand.step()

    assert sent(world) == {"wide": 3, "other": 4}
    assert stops(world) == [("alert.raise", "accepted"), ("rule.set_mode", "accepted")]
    act_on(world, hand)
    assert (sent(world), waits(world)) == ({"wide": 3, "other": 4}, [])
    assert not world.models.verify("trigger_runs").differing


def test_a_loop_is_one_switch_and_one_alert_at_however_many_orders_and_events(
    world: World,
) -> None:
    begin_loop(world, per_minute=1_000)
    names: Counter[str] = Counter()

    def submit(command: Command) -> Future[Outcome]:
        names[command.NAME] += 1
        return world.pipeline.submit(command)

    hand = Acting(world.lend, submit, lambda: world.now)
    hand.step()
    act_on(world, hand)

    ((stopped,),) = world.query("select count(*) from live.trigger_runs where result = 'stopped'")
    assert stopped == 8
    assert (names["rule.set_mode"], names["alert.raise"]) == (1, 1)
    assert len(stops(world)) == 2
    before, head = world.tables(), world.log.head().position
    world.models.rebuild("trigger_runs")
    act_on(world, hand)
    assert (world.tables(), world.log.head().position) == (before, head)


def test_what_stops_a_loop_does_not_count_for_the_pace_of_its_rule(world: World) -> None:
    begin_loop(world, per_minute=3, orders=1)
    hand = acting(world)
    act_on(world, hand)

    assert sent(world) == {"wide": 3, "other": 1}
    alerts = world.query("select kind from live.alerts order by 1")
    assert alerts == [("rule_stopped",)], "What is left out is no haste."


@pytest.mark.parametrize("answers", range(3))
def test_who_is_killed_while_it_stops_a_loop_stops_it_once(world: World, answers: int) -> None:
    begin_loop(world, per_minute=4)
    acting(world).catch_up()
    world.catch_up()
    left = iter(range(answers))

    def submit(command: Command) -> Future[Outcome]:
        if next(left, None) is None:
            raise InfraError("killed", "before anything is noted")
        answer = world.pipeline.submit(command)
        answer.result()
        return answer

    with pytest.raises(InfraError, match="before anything is noted"):
        Acting(world.lend, submit, lambda: world.now).step()
    act_on(world, acting(world))

    versions = "select count(*) from log.definitions where kind = 'rule' and name = 'wide'"
    assert world.query(versions) == [(2,)]
    assert world.query("select count(*) from live.alerts where kind = 'rule_stopped'") == [(1,)]
    assert sent(world) == {"wide": 3, "other": 4}


def test_what_stops_a_loop_of_an_order_that_was_parked_is_sent_once_it_is_let_through(
    world: World,
) -> None:
    publish(world, {**WIDE, "limits": {"per_order": 1}})
    order_id, other = world.place(), world.place()
    note(world, order_id)
    world.catch_up()
    hand = acting(world)
    hand.catch_up()
    apply_all(world, poisoned_at((order_id, 3)))
    note(world, other)
    act_on(world, hand)
    assert modes(world)["wide"] == "shadow", "The other order has gone round."
    assert world.models.retry("trigger_runs")
    act_on(world, hand)

    assert stops(world) == [("alert.raise", "accepted"), ("rule.set_mode", "accepted")]
    assert waits(world) == []


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("then_live", [False, True])
def test_a_rule_that_is_turned_off_does_nothing_more_of_what_is_under_way(
    world: World, beside: bool, then_live: bool
) -> None:
    """beside: it is turned off by another process than the one that sends"""
    many = {"rule": "many", "then": [{"note": f"Note {number}"} for number in range(5)]}
    publish(world, many, {"rule": "fast", "order": 20, "then": [{"set": {"track_number": "T"}}]})
    for _ in range(20):
        world.place()
    world.catch_up()
    left = iter(range(40))
    of_many: list[Future[Outcome]] = []
    modes_set: list[Mode] = ["off", "live"] if then_live else ["off"]
    with open_pipeline(world.url) if beside else nullcontext(world.pipeline) as pipeline:

        def submit(command: Command) -> Future[Outcome]:
            if next(left, None) is None:
                assert of_many[0].result().kind == "accepted"
                while modes_set:
                    set_mode(world, "many", modes_set.pop(0))
            answer = pipeline.submit(command)
            if command.actor.id == "many":
                of_many.append(answer)
            return answer

        assert Acting(world.lend, submit, lambda: world.now).step() == 120

    told = [one for one in world.events() if isinstance(one, Recorded)]
    (off_at, *_) = [
        one.position
        for one in told
        if isinstance(one.event, RulePublished) and one.event.definition.get("mode") == "off"
    ]
    by = [(one.actor_id, one.position < off_at) for one in told if one.actor_kind == "trigger"]
    assert {before for name, before in by if name == "many"} <= {True}
    assert 0 < sum(name == "many" for name, _ in by) < 100
    assert sum(name == "fast" for name, _ in by) == 20
    outcomes = world.query("select distinct outcome from analytics.trigger_acts order by 1")
    assert outcomes == [("accepted",), ("nothing",)]
