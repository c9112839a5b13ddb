"""Rules put tasks and alerts into inboxes, on a real log: each once, whatever is sent twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.orders import commands as c
from domain.stock.commands import AdjustStock, ReceiveStock, SetThreshold
from tests.integration.projections.world import World
from tests.integration.rules.ruling import acting, publish, runs, settle
from tests.support.examples import NOW, STOCK, actor

NOTED = [{"event": "order.note_added"}]
LOW = [{"event": "stock.below_threshold"}]


def note(world: World, order_id: UUID) -> None:
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Hm"))


def inbox(world: World) -> list[tuple[Any, ...]]:
    return world.query(
        "select what, kind, title, to_user, to_group, order_id, subject, due_at"
        " from analytics.inbox order by title",
        role="orderpath_analyst",
    )


def fall_below(world: World) -> None:
    """Let so few pieces be there that purchasing wants to know."""
    who = {"actor": actor(), "sku": "TEA-100"}
    world.send(
        ReceiveStock(command_id=uuid4(), **who, quantity=9),
        SetThreshold(command_id=uuid4(), **who, threshold=5),
        AdjustStock(command_id=uuid4(), **who, counted=2, reason_code="counted"),
    )


def test_p18_p12_a_rule_gives_a_task_to_the_owner_and_tells_the_leads(world: World) -> None:
    then = [{"task": "Call", "due": "30m"}, {"alert": "Noted", "to": {"group": "leads"}}]
    publish(world, {"rule": "call", "on": NOTED, "then": then})
    order_id = world.place()
    world.send(c.AssignOwner(command_id=uuid4(), actor=actor(), order_id=order_id, user="bob"))
    note(world, order_id)
    settle(world)

    assert inbox(world) == [
        ("task", "rule", "Call", "bob", None, order_id, None, NOW + timedelta(minutes=30)),
        ("notice", "rule", "Noted", None, "leads", order_id, None, None),
    ]
    assert world.query("select distinct rule, rule_version from analytics.tasks") == [("call", 1)]


def test_v14_few_pieces_are_a_task_for_purchasing_once_for_each_crossing(world: World) -> None:
    then = [{"task": "Buy", "to": {"group": "buyers"}, "due": "1d"}]
    publish(world, {"rule": "low_stock", "on": LOW, "then": then})
    fall_below(world)
    settle(world)

    assert inbox(world) == [
        ("task", "rule", "Buy", None, "buyers", None, STOCK, NOW + timedelta(days=1))
    ]


def test_p26_d9_the_admins_hear_once_of_a_loop_and_of_its_rules_in_their_order(
    world: World,
) -> None:
    flip = {"on": [{"change": "track_number", "to": "A"}], "then": [{"set": {"track_number": "B"}}]}
    flop = {"on": [{"change": "track_number", "to": "B"}], "then": [{"set": {"track_number": "A"}}]}
    publish(world, {"rule": "flip"} | flip, {"rule": "flop"} | flop)
    for order_id in [world.place() for _ in range(3)]:
        world.send(
            c.ChangeFields(command_id=uuid4(), actor=actor(), order_id=order_id, track_number="A")
        )
    settle(world)

    assert [result for _, _, result in runs(world)].count("stopped") == 3
    found = world.query(
        "select title, to_group, level, rule, rule_version, details, subject from analytics.alerts",
        role="orderpath_analyst",
    )
    title = "Rule flop only judges now: it went round in circles with others"
    chain = ["flip", "flop"] * 4 + ["flip"]
    assert found == [(title, "admins", "warn", "flop", 1, chain, "rule-flop")]


def test_d9_an_act_that_is_sent_again_makes_no_second_task(world: World) -> None:
    then = [{"task": "Call"}, {"alert": "Look"}]
    publish(world, {"rule": "call", "on": NOTED, "then": then})
    order_id = world.place()
    note(world, order_id)
    settle(world)
    before, head = inbox(world), world.log.head().position

    world.query("update ops.acting set position = 0 returning shard", role="orderpath_projector")
    again = acting(world).catch_up()
    world.catch_up()

    assert again == 2
    assert world.log.head().position == head
    assert inbox(world) == before


def test_d12_a_rebuild_of_everything_sends_nothing_and_changes_no_inbox(world: World) -> None:
    then = [{"task": "Call"}, {"alert": "Look"}]
    publish(world, {"rule": "call", "on": NOTED, "then": then})
    note(world, world.place())
    settle(world)
    before, head = world.tables(), world.log.head()

    for name in ("trigger_runs", "alerts", "tasks"):
        world.models.rebuild(name)

    assert acting(world).catch_up() == 0
    assert world.tables() == before
    assert world.log.head() == head
