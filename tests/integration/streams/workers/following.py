"""What these tests wait for and prove, whatever happened."""

from collections.abc import Callable

from projections.catalog import BY_NAME
from projections.checkpoints import first_waiting
from tests.integration.projections.world import World
from tests.support.programs import RunningProgram
from tests.support.waiting import wait_for

Start = Callable[..., RunningProgram]
ALL = "worker ready, 16 of 16 shards"


def await_head(world: World, seconds: float = 60.0) -> None:
    """Wait until the workers have applied everything that the log holds."""
    projector = world.projector(driver="workers")
    wait_for(
        lambda: all(place.next_position is None for place in projector.pending()),
        "the tables do not hold all of the log",
        seconds,
    )


def reached(world: World) -> int:
    """Say up to which position everything is applied."""
    waiting = first_waiting(world.projector(driver="workers").pending())
    return world.log.head().position if waiting is None else waiting - 1


def assert_equal(world: World) -> None:
    """Prove every live table against the log, and that nothing was left behind."""
    assert world.models.list_parked() == []
    differing = {name: world.models.verify(name).differing for name in BY_NAME}
    assert not any(differing.values()), differing
