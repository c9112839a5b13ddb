"""What is missing from the log is reported by whoever reads on from there, also at the start."""

from collections.abc import Callable

import pytest

from domain.refusals import InfraError
from infra.postgres import connect
from projections.catalog import BY_NAME
from tests.integration.projections.world import World, a_day

REPLAYS: dict[str, Callable[[World], object]] = {
    "rebuild": lambda world: world.models.rebuild("orders"),
    "verify": lambda world: world.models.verify("orders"),
}
every_loss = pytest.mark.parametrize(
    "lost", [(1,), (1, 2, 3), (7,)], ids=["first", "first three", "middle"]
)


def lose(world: World, *positions: int) -> None:
    """Delete events as only a superuser can who takes the triggers away."""
    with connect(world.url) as owner:
        owner.execute("alter table log.events disable trigger user")
        owner.execute("delete from log.events where position = any(%s)", [list(positions)])
        owner.execute("alter table log.events enable trigger user")


@every_loss
def test_a_follower_says_what_is_missing(world: World, lost: tuple[int, ...]) -> None:
    a_day(world)
    lose(world, *lost)

    with pytest.raises(InfraError, match=f"^Position {lost[0]} is missing") as raised:
        world.catch_up()

    assert raised.value.code == "log_gap"


@every_loss
@pytest.mark.parametrize("replay", REPLAYS.values(), ids=REPLAYS)
def test_a_replay_says_what_is_missing(
    world: World, replay: Callable[[World], object], lost: tuple[int, ...]
) -> None:
    a_day(world)
    world.catch_up()
    lose(world, *lost)

    with pytest.raises(InfraError, match=f"^Position {lost[0]} is missing") as raised:
        replay(world)

    assert raised.value.code == "log_gap"
    assert all(one.state != "scratch" for one in world.models.list_projections())


def test_a_start_that_went_missing_after_it_was_applied_is_noticed(world: World) -> None:
    a_day(world)
    world.catch_up()
    lose(world, 1)

    with pytest.raises(InfraError, match=r"^Position 1 is missing"):
        world.catch_up()


@pytest.mark.parametrize("lost", [1, 3])
def test_a_follower_does_not_step_over_what_is_missing_where_it_goes_on(
    world: World, lost: int
) -> None:
    a_day(world)
    world.catch_up()
    applied = world.log.head().position
    a_day(world)
    lose(world, *range(applied + 1, applied + 1 + lost))
    tables = world.tables()

    with pytest.raises(InfraError, match=f"^Position {applied + 1} is missing"):
        world.catch_up()

    assert world.tables() == tables


def test_a_whole_log_misses_nothing(world: World) -> None:
    assert world.models.find_gap() is None
    a_day(world)
    assert world.models.find_gap() is None
    lose(world, 1)
    assert "Position 1 is missing" in str(world.models.find_gap())


def test_a_log_without_any_event_misses_nothing(world: World) -> None:
    lose(world, *range(1, world.log.head().position + 1))

    assert world.models.find_gap() is None
    assert world.catch_up() == 0
    assert {len(rows) for rows in world.tables().values()} == {0}
    assert len(world.models.list_projections()) == len(BY_NAME)
