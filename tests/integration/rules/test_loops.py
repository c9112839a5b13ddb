"""Two rules that lead to each other are stopped, both are named, and nobody else is touched."""

from typing import Any
from uuid import UUID, uuid4

from domain.orders import commands as c
from tests.integration.projections.world import World
from tests.integration.rules.ruling import PAID, publish, runs, settle, status_of
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
    modes = world.query(
        "select distinct on (name) name, coalesce(body #>> '{definition,mode}', 'live')"
        " from log.definitions where kind = 'rule' order by name, version desc"
    )
    assert dict(modes) == {one["rule"]: "live" for one in BYSTANDERS} | {
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
