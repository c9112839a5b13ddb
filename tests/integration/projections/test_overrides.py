"""The table of overrides says who moved which order against the usual way, and never why."""

from uuid import UUID, uuid4

from domain.orders import commands as c
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from tests.integration.projections.world import World
from tests.support.examples import PATH, TEA, actor

WHY = "Mr Smith begged for it"
UNUSUAL = OrderPath.model_validate(
    PATH.content
    | {
        "path": "unusual",
        "transitions": [
            {"from": "new", "to": "confirmed"},
            {"from": "new", "to": "packed", "override": True},
        ],
    }
)


def move(world: World, order_id: UUID, status: str) -> None:
    lead = actor("user", "lead").model_copy(update={"on_behalf_of": "bob"})
    (outcome,) = world.send(
        c.ChangeStatus(
            command_id=uuid4(), actor=lead, order_id=order_id, to_status=status, reason=WHY
        )
    )
    assert outcome.kind == "accepted", outcome


def placed(world: World, **more: object) -> UUID:
    return world.place(path="unusual", lines=[TEA], **more)


def test_r6_an_override_stands_in_the_table_with_whoever_used_it(world: World) -> None:
    world.send(PublishPath(command_id=uuid4(), actor=actor(), definition=UNUSUAL))
    usual, unusual = placed(world), placed(world)
    move(world, usual, "confirmed")
    move(world, unusual, "packed")
    move(world, placed(world, test=True), "packed")
    world.catch_up()

    found = world.query(
        "select order_id, used_at, from_status, to_status, actor_kind, actor_id, on_behalf_of,"
        " version from analytics.overrides",
        role="orderpath_analyst",
    )
    assert found == [(unusual, world.now, "new", "packed", "user", "ann", "bob", 3)]


def test_why_an_order_was_moved_is_stored_in_no_table_of_a_read_model(world: World) -> None:
    world.send(PublishPath(command_id=uuid4(), actor=actor(), definition=UNUSUAL))
    move(world, placed(world), "packed")
    world.catch_up()

    assert WHY not in repr(world.tables())
