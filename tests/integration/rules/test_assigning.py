"""A rule shares orders out, on a real log."""

from uuid import UUID, uuid4

from domain.messages import Recorded
from domain.orders import events as e
from domain.teams.commands import Come, SetMember
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.support.examples import GROUP, actor


def test_p28_a_rule_shares_new_orders_out_among_who_is_there(world: World) -> None:
    share = {"assign": {"group": GROUP}, "by": "round_robin"}
    publish(world, {"rule": "share", "on": [{"event": "order.placed"}], "then": [share]})
    told = {"command_id": uuid4(), "actor": actor("user", "lead"), "group": GROUP}
    for user in ("ann", "bob"):
        world.send(SetMember(**told, user=user, cap=1), Come(**told, user=user))

    orders = [world.place() for _ in range(3)]
    settle(world)

    assert [owner_of(world, order_id) for order_id in orders] == [
        ("ann", GROUP), ("bob", GROUP), (None, GROUP),
    ]  # fmt: skip
    assigned = [
        one
        for one in world.events()
        if isinstance(one, Recorded) and isinstance(one.event, e.OwnerAssigned)
    ]
    assert {(one.actor_kind, one.source) for one in assigned} == {("trigger", "rule:share:1")}
    assert [one.event.why for one in assigned if isinstance(one.event, e.OwnerAssigned)] == [
        "round_robin", "round_robin", "nobody_free",
    ]  # fmt: skip


def owner_of(world: World, order_id: UUID) -> tuple[str | None, str | None]:
    question = "select owner_user, owner_group from analytics.orders where order_id = %s"
    user, group = world.query(question, order_id)[0]
    return user, group
