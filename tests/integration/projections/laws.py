"""What holds of the tables of every read model, over whatever a test has let happen."""

import pytest

from projections.catalog import BY_NAME
from tests.integration.projections.world import World

in_pieces = pytest.mark.parametrize("batch_events", [1, 3, 2_000])


def assert_tables_follow_from_the_log(world: World, *names: str) -> None:
    """Take every slice a second time, verify and rebuild: all tables stay as they are.

    names: the read models that are meant; a test has filled each of their tables.
    """
    followed = world.tables()
    for name in names:
        for table in BY_NAME[name].tables:
            assert followed[f"{name}.{table}"], f"nothing is in {table}"

    projector, head = world.projector(), world.log.head().position
    for first in range(0, head, 2):
        assert projector.apply(world.deliveries(first, first + 5)) == 0
    assert projector.apply(world.deliveries(0, head)) == 0
    assert world.tables() == followed

    for name in names:
        assert world.models.verify(name).differing == ()
        world.models.rebuild(name)
    assert world.tables() == followed
