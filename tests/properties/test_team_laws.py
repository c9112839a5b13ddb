"""Laws of a team: whatever becomes of its orders, and however they are shared out."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.orders import commands as c
from domain.orders.candidates import Sharing
from domain.refusals import Refusal
from domain.teams import events as e
from domain.teams.choosing import Wanted, choose
from domain.teams.commands import Come, Go
from domain.teams.sharing import ShareOut
from domain.teams.team import Team
from infra.state_shapes import shape_of
from tests.support import spec
from tests.support.examples import COMMANDS, GROUP, NOW, ORDER_ID, PATH, actor
from tests.support.spec import STEP, Stored, World
from tests.support.strategies import any_command, sequences, status_commands

WHO: dict[str, Any] = {
    "command_id": UUID(int=9), "actor": actor("user", "lead"), "order_id": ORDER_ID,
}  # fmt: skip
GROUPS = (GROUP, "leads")
USERS = ("ann", "bob")
TEAM = [
    one
    for user in USERS
    for one in (e.MemberSet(user=user, cap=1, skills=("tea",)), e.MemberCame(user=user))
]
users = st.sampled_from([None, *USERS])
groups = st.sampled_from([None, GROUP, GROUP, "leads"])
assignments: st.SearchStrategy[Command] = (
    st.tuples(users, groups)
    .filter(any)
    .map(lambda owner: c.AssignOwner(**WHO, user=owner[0], group=owner[1]))
)
sharings: st.SearchStrategy[Command] = st.builds(
    ShareOut,
    **{name: st.just(value) for name, value in WHO.items()},
    group=st.sampled_from(GROUPS),
    by=st.sampled_from(["round_robin", "least_load", "sticky"]),
    skill=st.sampled_from([None, "tea", "german"]),
    hands_over=users,
)
presences: st.SearchStrategy[Command] = st.builds(
    lambda command, user: command(
        command_id=UUID(int=9), actor=WHO["actor"], group=GROUP, user=user
    ),
    st.sampled_from([Come, Go]),
    st.sampled_from(USERS),
)
PLACED = st.just(COMMANDS["order.place"])
SOMEBODYS = [assignments, sharings, presences]
Script = Sequence[tuple[int, Command]]


def held_by_the_order(world: World) -> dict[str, frozenset[UUID]]:
    """Say who holds the order through the team as one reads it off the order."""
    order = world.order
    status = PATH.statuses.get(order.status or "")
    is_open = status is None or status.final is None
    if order.owner_user is None or order.owner_group != GROUP or not is_open:
        return {}
    return {order.owner_user: frozenset({ORDER_ID})}


@settings(max_examples=300)
@given(
    st.one_of(
        sequences(any_command, *SOMEBODYS, first=PLACED),
        sequences(status_commands, *SOMEBODYS, *SOMEBODYS, first=PLACED),
    )
)
def test_p28_a_team_knows_who_holds_which_open_order_whatever_is_asked_of_it(
    script: Script,
) -> None:
    world, now = spec.given(*TEAM).world, NOW
    for _, command in script:
        now += STEP
        with suppress(Refusal):
            world.run(command, now)
        assert dict(world.team.held) == held_by_the_order(world)

    replayed = Team()
    for stream, stored in world.stored:
        replayed = replayed.evolve(stored) if stream == f"team-{GROUP}" else replayed
    shape = shape_of("team")
    assert replayed == world.team == shape.restore(shape.dump(world.team))


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=1, max_size=6),
    st.integers(1, 60),
    st.sampled_from(["round_robin", "least_load"]),
)
def test_p28_shares_are_fair_and_no_cap_is_passed(
    caps: list[int | None], orders: int, by: Sharing
) -> None:
    team = _there(caps)
    for number in range(orders):
        choice = choose(team, Wanted(by))
        if choice.member is None:
            break
        taken = e.OrderTaken(order_id=UUID(int=number), user=choice.member, turn=True)
        team = team.evolve(Stored(taken, team.version + 1, NOW))

    loads = {user: team.load(user) for user in team.members}
    allowed = {user: orders if one.cap is None else one.cap for user, one in team.members.items()}
    free = [load for user, load in loads.items() if load < allowed[user]]
    assert all(load <= allowed[user] for user, load in loads.items())
    assert sum(loads.values()) == min(orders, sum(allowed.values()))
    assert all(max(loads.values()) <= load + 1 for load in free)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_p28_whoever_is_there_all_along_gets_the_next_turn_after_everybody_else(
    comings: list[int],
) -> None:
    """Others come and go meanwhile: between two turns of one nobody else has two."""
    team, turns = _there([None] * 5), []
    for number, user in enumerate(comings):
        if user:  # The first one stays.
            name = f"user_{user}"
            gone = team.members[name].present
            event: Any = e.MemberWent(user=name) if gone else e.MemberCame(user=name)
            team = team.evolve(Stored(event, team.version + 1, NOW))
        member = choose(team, Wanted("round_robin")).member
        assert member is not None
        taken = e.OrderTaken(order_id=UUID(int=number), user=member, turn=True)
        team = team.evolve(Stored(taken, team.version + 1, NOW))
        turns.append(member)
    between: Counter[str] = Counter()
    for member in turns:
        if member == "user_0":
            between.clear()
        else:
            between[member] += 1
            assert between[member] <= 1


def _there(caps: Sequence[int | None]) -> Team:
    team = Team()
    for number, cap in enumerate(caps):
        user = f"user_{number}"
        for event in (e.MemberSet(user=user, cap=cap), e.MemberCame(user=user)):
            team = team.evolve(Stored(event, team.version + 1, NOW))
    return team
