"""What rules send is asked again of the order, wherever it goes: what others have made untrue while
it waited is not done.
"""

from collections import Counter
from typing import Any
from uuid import uuid4

from domain.templates.line import PublishTemplate
from infra.template_files import load_preset
from tests.integration.projections.world import World
from tests.integration.rules.ruling import CLOCK, publish, settle
from tests.support.examples import CUSTOMER

NEW = {"is_new": "order.status == 'new'"}
TOLD: list[dict[str, Any]] = [
    {"task": "Call them", "to": {"group": "managers"}},
    {"alert": "Look", "to": {"group": "managers"}},
    {"notify": "mail", "to": "customer", "template": "paid", "attach": "order"},
    {"webhook": "erp"},
    {"tag": "new_one"},
    {"note": "Told"},
]


def test_whoever_is_faster_than_a_message_a_task_or_a_tag_makes_it_nothing(world: World) -> None:
    template = load_preset("paid")
    world.send(PublishTemplate(command_id=uuid4(), actor=CLOCK, definition=template))
    publish(world, {"rule": "tell", "if": NEW, "then": TOLD})
    world.place(customer=CUSTOMER)
    settle(world)
    slow = [world.place(customer=CUSTOMER) for _ in range(2)]
    world.catch_up()
    for order_id in slow:
        world.move(order_id, "confirmed")
    settle(world)

    rows = world.query("select act_no, outcome from analytics.trigger_acts")
    assert Counter(rows) == {
        (number, outcome): times
        for number in range(1, len(TOLD) + 1)
        for outcome, times in (("accepted", 1), ("nothing", 2))
    }
    world.models.rebuild("trigger_runs")
    assert world.models.verify("trigger_runs").differing == ()


def test_nobody_is_told_of_a_move_that_somebody_else_made_first(world: World) -> None:
    then = [{"move": "confirmed"}, {"task": "Tell them", "to": {"group": "managers"}}]
    publish(world, {"rule": "confirm", "then": then})
    first = world.place()
    world.catch_up()
    world.move(first, "confirmed")
    settle(world)
    second = world.place()
    settle(world)

    rows = world.query("select order_id, command, outcome from analytics.trigger_acts")
    assert sorted(rows) == [
        (first, "order.change_status", "nothing"),
        (first, "task.create", "nothing"),
        (second, "order.change_status", "accepted"),
        (second, "task.create", "accepted"),
    ]
    assert world.query("select order_id from live.tasks") == [(second,)]
