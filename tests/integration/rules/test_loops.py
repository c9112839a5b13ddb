"""Rules that lead to each other too long are stopped and named, and nobody else is touched: a loop
is told once, and where no rule comes twice nobody is turned off.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.orders import commands as c
from tests.integration.projections.world import World
from tests.integration.rules.ruling import PAID, fire, publish, runs, settle, status_of
from tests.integration.rules.test_runs import pay
from tests.support.examples import actor

TRACK = "track_number"
FLIP = {"on": [{"change": TRACK, "to": "A"}], "then": [{"set": {TRACK: "B"}}]}
FLOP = {"on": [{"change": TRACK, "to": "B"}], "then": [{"set": {TRACK: "A"}}]}
BYSTANDERS: tuple[dict[str, Any], ...] = (
    {"rule": "greet", "then": [{"note": "Hello"}]},
    {"rule": "paid", "on": [PAID], "then": [{"move": "confirmed"}]},
    {"rule": "tracked", "on": [{"change": TRACK}], "then": [{"note": "A number"}]},
)


WATCHER = {"rule": "watcher", "on": [{"change": TRACK}], "then": [{"note": "A number"}]}


def modes(world: World) -> dict[str, str]:
    return dict(
        world.query(
            "select distinct on (name) name, coalesce(body #>> '{definition,mode}', 'live')"
            " from log.definitions where kind = 'rule' order by name, version desc"
        )
    )


def line(size: int) -> list[dict[str, Any]]:
    """Write rules of which each leads to the next one."""
    return [
        {
            "rule": f"step_{number}",
            "on": [{"change": TRACK, "to": f"R{number}"}],
            "then": [{"set": {TRACK: f"R{number + 1}"}}],
        }
        for number in range(size)
    ]


def set_track(world: World, order_id: UUID, number: str) -> None:
    (outcome,) = world.send(
        c.ChangeFields(
            command_id=uuid4(),
            actor=actor(),
            order_id=order_id,
            **{TRACK: number},
        )
    )
    assert outcome.kind == "accepted", outcome


def fired(world: World, order_id: UUID, rule: str) -> int:
    return sum((name, result) == (rule, "fired") for name, _, result in runs(world, order_id))


def acted(world: World, order_id: UUID, *rules: str) -> int:
    """Count the events of an order that rules have led to, as the log has them."""
    question = (
        "select count(*) from log.events where stream_id = %s and actor_kind = 'trigger'"
        " and actor_id = any(%s)"
    )
    stream = f"order-{order_id}"
    ((count,),) = world.query(question, stream, [*rules], role="orderpath_auditor")
    return int(count)


def test_d9_two_rules_that_loop_are_stopped_both_named_an_alert_raised_and_nothing_else_harmed(
    world: World,
) -> None:
    publish(world, {"rule": "flip"} | FLIP, {"rule": "flop"} | FLOP, *BYSTANDERS)
    looping, before = [world.place() for _ in range(3)], [world.place() for _ in range(3)]
    for order_id in looping:
        set_track(world, order_id, "A")
    settle(world)
    after = [world.place() for _ in range(3)]
    settle(world)
    for order_id in (*looping, *before, *after):
        pay(world, order_id)
    settle(world)

    stopped = [rule for rule, _, result in runs(world) if result == "stopped"]
    assert sorted(stopped) == ["flip"] * len(looping) + ["tracked"] * len(looping)  # The ninth step
    assert all(acted(world, one, "flip", "flop") == 8 for one in looping)
    alerts = world.query("select kind, rule, to_group, details from analytics.alerts")
    assert [(kind, rule, to) for kind, rule, to, _ in alerts] == [
        ("rule_stopped", "flop", "admins")
    ]
    assert {*alerts[0][3]} == {"flip", "flop"}

    for order_id in (*looping, *before, *after):
        assert status_of(world, order_id) == "confirmed"
        assert (fired(world, order_id, "greet"), acted(world, order_id, "paid")) == (1, 1)
        assert acted(world, order_id, "greet") == 1
        steps = 8 if order_id in looping else 0  # one by a person, and all but the last by acts
        assert acted(world, order_id, "tracked") == fired(world, order_id, "tracked") == steps
    assert modes(world) == {one["rule"]: "live" for one in BYSTANDERS} | {
        "flip": "live", "flop": "shadow",
    }  # fmt: skip


def test_d9_what_is_left_of_a_loop_acts_on_and_comes_to_rest(world: World) -> None:
    publish(world, {"rule": "flip"} | FLIP, {"rule": "flop"} | FLOP)
    first = world.place()
    set_track(world, first, "A")
    settle(world)
    other = world.place()

    set_track(world, other, "A")
    settle(world)

    assert (fired(world, other, "flip"), acted(world, other, "flip", "flop")) == (1, 1)
    assert [result for rule, _, result in runs(world, other) if rule == "flop"] == ["shadow"]


def test_d9_nine_different_rules_in_a_row_turn_nobody_off_and_the_ninth_does_nothing(
    world: World,
) -> None:
    *eight, ninth = line(9)
    publish(world, ninth, *eight, WATCHER)  # The ninth is the oldest of them.
    orders = [world.place() for _ in range(2)]
    for order_id in orders:
        set_track(world, order_id, "R0")
        settle(world)

    names = [f"step_{number}" for number in range(9)]
    assert modes(world) == dict.fromkeys([*names, "watcher"], "live")
    stopped = world.query(
        "select rule, why, chain, acts from live.trigger_runs where result = 'stopped'"
        " and order_id = %s order by rule",
        orders[0],
    )
    assert stopped == [
        ("step_8", "depth", names, 1),
        ("watcher", "depth", [*names[:8], "watcher"], 1),
    ]
    for order_id in orders:
        assert [fired(world, order_id, name) for name in names] == [1] * 8 + [0]
        assert acted(world, order_id, *names) == fired(world, order_id, "watcher") == 8
    alerts = "select rule, order_id, details from analytics.alerts order by rule"
    told = world.query(alerts)
    assert told == [
        ("step_8", orders[0], names),
        ("watcher", orders[0], [*names[:8], "watcher"]),
    ]
    ((title,),) = world.query("select title from analytics.alerts where rule = 'step_8'")
    assert "8 rules in a row had led to it" in title

    before, head = world.tables(), world.log.head().position
    world.models.rebuild("trigger_runs")
    settle(world)
    assert (world.tables(), world.log.head().position) == (before, head)


def test_d9_a_loop_with_a_delay_and_a_watcher_is_told_once_and_turns_off_its_youngest(
    world: World,
) -> None:
    publish(world, {"rule": "flip", "delay": "1h"} | FLIP, {"rule": "flop"} | FLOP, WATCHER)
    orders = [world.place() for _ in range(2)]
    for order_id in orders:
        set_track(world, order_id, "A")
        settle(world)
    while fire(world) or world.query("select 1 from live.rule_waits"):
        settle(world)
        world.now += timedelta(hours=1)

    stopped = world.query(
        "select rule, why, acts from live.trigger_runs where result = 'stopped'"
        " and order_id = %s order by position, rule",
        orders[0],
    )
    assert stopped == [("watcher", "loop", 2), ("flip", "loop", 0)]
    assert modes(world) == {"flip": "live", "flop": "shadow", "watcher": "live"}
    alerts = world.query("select rule, rule_version, details from analytics.alerts")
    assert alerts == [("flop", 1, ["flip", "flop"] * 4)]
    for order_id in orders:
        assert acted(world, order_id, "flip", "flop") == fired(world, order_id, "watcher") == 8
