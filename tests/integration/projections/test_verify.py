"""A verify tells honest tables from altered ones; it leaves nothing behind."""

import pytest

from projections.builds import list_builds
from projections.catalog import BY_NAME
from projections.sessions import transaction, use_schema
from tests.integration.projections.world import World, a_day

every_projection = pytest.mark.parametrize("name", sorted(BY_NAME))


def left_behind(world: World) -> dict[str, int]:
    """Count what builds other than the live ones have in the database."""
    schemas = world.query("select count(*) from pg_namespace where nspname ~ '^p_'")[0][0]
    checkpoints = world.query("select count(*) from projection.checkpoints")[0][0]
    return {
        "builds": sum(one.state != "live" for one in world.models.list_projections()),
        "schemas": schemas - len(BY_NAME),
        "checkpoints": checkpoints - 16 * len(BY_NAME),
    }


NOTHING = {"builds": 0, "schemas": 0, "checkpoints": 0}


@every_projection
def test_verify_finds_nothing_in_honest_tables(world: World, name: str) -> None:
    a_day(world)
    world.follower(batch_events=3).catch_up()

    found = world.models.verify(name)

    assert found.differing == ()
    assert found.rows == {
        table: len(world.tables()[f"{name}.{table}"]) for table in BY_NAME[name].tables
    }
    assert left_behind(world) == NOTHING


def test_verify_names_the_table_that_was_altered(world: World) -> None:
    a_day(world)
    world.catch_up()
    world.place()  # What is not applied yet is no difference.
    with transaction(world.lend) as tx:
        (build,) = [b for b in list_builds(tx, "live") if b.projection == "status_visits"]
        use_schema(tx, build.schema)
        tx.execute("update visits set status = 'done' where visit_no = 2")

    assert world.models.verify("status_visits").differing == ("visits",)
