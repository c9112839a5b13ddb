"""The read model of teams says what the aggregate says, in whatever pieces the events come."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.orders.commands import AssignOwner, CancelOrder, ChangeStatus
from domain.teams.commands import Come, Go, RemoveMember, SetMember, TeamCommand
from domain.teams.events import team_stream
from domain.teams.sharing import ShareOut
from domain.teams.team import Team
from tests.integration.projections.world import World, open_world
from tests.support.examples import NOW, actor

EXAMPLES = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
LEAD = actor("user", "lead")
WHY = {"reason_code": "changed_mind", "initiator": "client"}

numbers = count(1)
users = st.sampled_from(["ann", "bob", "eve"])
caps = st.sampled_from([None, 1, 2])
of_members = st.tuples(
    st.sampled_from([SetMember, SetMember, Come, Come, Come, Go, RemoveMember]), users, caps
)
of_orders = st.tuples(
    st.sampled_from([ShareOut, ShareOut, AssignOwner, CancelOrder, ChangeStatus]),
    st.integers(0, 3),
    users,
)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def command(group: str, orders: list[UUID], step: tuple[Any, Any, Any]) -> Command:
    """Give what a step asks for."""
    kind: type[Command]
    kind, whom, more = step
    told: dict[str, Any] = {"command_id": uuid4(), "actor": LEAD}
    if issubclass(kind, TeamCommand):
        cap = {"cap": more} if kind is SetMember else {}
        return kind.model_validate(told | {"group": group, "user": whom} | cap)
    body: dict[type[Command], dict[str, Any]] = {
        ShareOut: {"group": group},
        AssignOwner: {"group": group, "user": more},
        CancelOrder: WHY,
        ChangeStatus: {"to_status": "new", "reason": "He wants it again"},
    }
    return kind.model_validate(told | {"order_id": orders[whom]} | body[kind])


@EXAMPLES
@given(
    script=st.lists(st.one_of(of_members, of_orders, of_orders), max_size=30),
    batch_events=st.integers(1, 9),
)
def test_p28_the_read_model_says_what_the_team_says(
    world: World, script: list[tuple[Any, Any, Any]], batch_events: int
) -> None:
    group = f"group {next(numbers)}"
    orders = [world.place() for _ in range(4)]
    for minute, step in enumerate(script):
        world.now = NOW + timedelta(minutes=minute)
        world.send(command(group, orders, step))
    world.follower(batch_events).catch_up()

    team, stream = Team(), team_stream(group)
    for recorded in world.pipeline_log.load({stream: 0})[stream]:
        team = team.evolve(recorded)
    members = world.query(
        "select member, skills, cap, present, open_orders, free from analytics.team_members"
        " where team = %s",
        group,
    )
    assert sorted(members) == sorted(
        (name, list(one.skills), one.cap, one.present, team.load(name),
         one.present and (one.cap is None or team.load(name) < one.cap))
        for name, one in team.members.items()
    )  # fmt: skip
    held = world.query("select member, order_id from live.team_orders where team = %s", group)
    assert set(held) == {(user, one) for user, orders in team.held.items() for one in orders}
