"""An order that cannot be read stands aside alone: acting goes on for all others, tells of it, and
does what rules gave for it, once and in its order, when the log is mended.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from domain.alerts.events import AlertRaised
from domain.messages import Recorded
from domain.orders import commands as c
from services.acting import Acting
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.integration.rules.test_acting import GREET, notes
from tests.integration.rules.test_loops import modes
from tests.integration.rules.test_urgent import begin_loop
from tests.support.damaged import How, damaged, misdefined
from tests.support.examples import actor
from tests.support.loads import open_pipeline

NOTE: Mapping[str, Any] = {"rule": "note", "then": [{"note": "Hello"}]}
MOVE: Mapping[str, Any] = {
    "rule": "go",
    "then": [{"move": "confirmed"}, {"task": "Ring", "to": {"group": "x"}}, {"note": "Gone"}],
}


@contextmanager
def newly_acting(world: World, at_once: int = 256) -> Iterator[Acting]:
    """Act as a process does that remembers nothing of the orders."""
    with open_pipeline(world.url) as pipeline:
        yield Acting(world.lend, pipeline.submit, lambda: world.now, at_once=at_once)


def aside(world: World) -> dict[str, bool]:
    """Name the streams that stand aside, and whether each is tried later only."""
    found = "select stream_id, again_at > clock_timestamp() from ops.acting_passed"
    return dict(world.query(found))


def let_time_pass(world: World) -> None:
    """Let all that stands aside be tried again now."""
    world.query("update ops.acting_passed set again_at = clock_timestamp() returning 1")


def outcomes(world: World, order_id: UUID) -> list[str]:
    """Give what became of what rules gave for an order, in its order."""
    text = (
        "select outcome from analytics.trigger_acts where order_id = %s order by position, act_no"
    )
    return [outcome for (outcome,) in world.query(text, order_id)]


def told(world: World) -> Counter[UUID | str | None]:
    """Count the alerts about what is damaged, by order or stream."""
    events = (one.event for one in world.events() if isinstance(one, Recorded))
    raised = (one for one in events if isinstance(one, AlertRaised))
    return Counter(one.order_id or one.subject for one in raised if one.kind == "stream_damaged")


@pytest.mark.parametrize("how", ["spoilt", "gone", "torn", "impossible"])
def test_acts_of_an_order_that_cannot_be_read_wait_and_those_of_all_others_are_sent(
    world: World, how: How
) -> None:
    publish(world, GREET)
    orders = [world.place() for _ in range(40)]
    bad, well = orders[0], orders[1:]
    said = c.AssignOwner(command_id=bad, actor=actor(), order_id=bad, user="ann")
    assert world.send(said)[0].kind == "accepted"
    world.catch_up()

    with damaged(world.url, f"order-{bad}", how=how), newly_acting(world, at_once=2) as acts:
        assert acts.catch_up() == 2 * len(well)
        head = world.log.head()
        assert acts.catch_up() == 0, "What is damaged is left alone for a while."
        assert world.log.head() == head
        assert {tuple(outcomes(world, one)) for one in well} == {("accepted", "accepted")}
        assert aside(world) == {f"order-{bad}": True}
        assert outcomes(world, bad) == ["waiting", "waiting"]

    assert told(world) == {bad: 1}
    let_time_pass(world)
    with newly_acting(world) as acts:  # as after a restart
        assert acts.catch_up() == 2
    settle(world)
    assert sorted(notes(world)) == sorted(map(str, orders))
    assert outcomes(world, bad) == ["accepted", "accepted"]
    assert aside(world) == {}


def test_what_is_tried_again_in_vain_waits_again_and_is_told_once_a_day(world: World) -> None:
    publish(world, GREET)
    bad = world.place()
    world.catch_up()

    with damaged(world.url, f"order-{bad}"):
        for _ in range(3):
            with newly_acting(world) as acts:
                assert acts.catch_up() == 0
            assert aside(world) == {f"order-{bad}": True}
            let_time_pass(world)
        assert told(world) == {bad: 1}
    settle(world)

    assert notes(world) == [str(bad)]


def test_what_stands_behind_a_move_is_done_with_it_once_the_order_can_be_read(
    world: World,
) -> None:
    publish(world, MOVE)
    bad, well = world.place(), world.place()
    world.catch_up()

    with damaged(world.url, f"order-{bad}"), newly_acting(world) as acts:
        acts.catch_up()
        assert outcomes(world, bad) == ["waiting"] * 3
        assert outcomes(world, well) == ["accepted"] * 3

    let_time_pass(world)
    settle(world)
    assert outcomes(world, bad) == ["accepted"] * 3


def test_what_comes_after_for_an_order_that_stands_aside_waits_for_its_turn(world: World) -> None:
    publish(
        world,
        GREET,
        {"rule": "call", "on": [{"change": "status", "to": "confirmed"}]}
        | {"then": [{"note": "Call"}]},
    )
    bad = world.place()
    world.catch_up()
    with damaged(world.url, f"order-{bad}"), newly_acting(world) as acts:
        acts.catch_up()
    world.move(bad, "confirmed")
    world.catch_up()

    with newly_acting(world) as acts:
        assert acts.catch_up() == 0
        let_time_pass(world)
        assert acts.catch_up() == 3
    assert notes(world) == [str(bad)] * 2
    settle(world)
    assert aside(world) == {}


def test_more_orders_than_are_taken_at_once_stand_aside_and_each_is_done_when_it_is_mended(
    world: World,
) -> None:
    publish(world, NOTE)
    orders = [world.place() for _ in range(48)]
    world.catch_up()
    bad = [f"order-{one}" for one in orders[:40]]

    with damaged(world.url, *bad), newly_acting(world, at_once=1) as acts:
        assert acts.catch_up() == 8
        assert aside(world) == dict.fromkeys(bad, True)
    let_time_pass(world)
    with damaged(world.url, *bad[:-1]), newly_acting(world, at_once=1) as acts:
        assert acts.catch_up() == 1
        assert aside(world) == dict.fromkeys(bad[:-1], True)

    let_time_pass(world)
    settle(world)
    assert sorted(notes(world)) == sorted(map(str, orders))


def test_a_rule_that_cannot_be_read_holds_up_its_own_orders_and_no_other_rule(
    world: World,
) -> None:
    noted = {"on": [{"event": "order.note_added"}]}
    publish(world, NOTE, {"rule": "other", **noted, "then": [{"set": {"track_number": "T"}}]})
    greeted = [world.place() for _ in range(20)]
    world.catch_up()

    with damaged(world.url, "rule-note"), newly_acting(world) as acts:
        acts.catch_up()
        assert notes(world) == []
        assert told(world) == {"rule-note": 1}

    let_time_pass(world)
    settle(world)
    assert sorted(notes(world)) == sorted(map(str, greeted))
    assert {outcome for one in greeted for outcome in outcomes(world, one)} == {"accepted"}


def test_a_loop_of_a_rule_that_cannot_be_read_is_stopped_once_it_can(world: World) -> None:
    begin_loop(world, per_minute=60, orders=2)
    with newly_acting(world) as acts:
        acts.catch_up()
    world.catch_up()

    with damaged(world.url, "rule-wide"), newly_acting(world) as acts:
        acts.catch_up()
        assert acts.step() is None, "It is left alone for a while."
        assert told(world) == {"rule-wide": 1}

    let_time_pass(world)
    settle(world)
    assert modes(world)["wide"] == "shadow"


@pytest.mark.parametrize("said", ["1e3", 1.5, 10**12, [], True])
def test_a_pace_that_is_no_number_of_commands_is_the_usual_one_and_acting_goes_on(
    world: World, said: object
) -> None:
    publish(world, GREET, {**NOTE, "limits": {"per_minute": 1}})
    orders = [world.place() for _ in range(3)]
    world.catch_up()

    with misdefined(world.url, "rule-note", "limits", "per_minute", value=said):
        settle(world)

    assert [outcomes(world, one)[-1] for one in orders] == ["accepted"] * 3
    assert all("waits" not in outcomes(world, one) for one in orders)
