"""A verify tells honest tables from altered ones; it leaves nothing behind, not even killed."""

from collections.abc import Callable

import pytest

from projections.builds import SCRATCH_LOCK, list_builds
from projections.catalog import BY_NAME
from projections.sessions import transaction, use_schema
from services.read_models import ReadModels, Verified
from tests.integration.projections.stepping import verify_step_by_step
from tests.integration.projections.world import World, a_day
from tests.support.processes import Writer, leaving

every_projection = pytest.mark.parametrize("name", sorted(BY_NAME))
every_starter = pytest.mark.parametrize(
    "start",
    [ReadModels.prepare, lambda models: models.verify("orders")],
    ids=["prepare", "verify"],
)


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
ONE_BUILD = {"builds": 1, "schemas": 1, "checkpoints": 16}


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


@every_starter
def test_what_a_killed_verify_left_is_dropped_by_whoever_starts_next(
    world: World, start: Callable[[ReadModels], object]
) -> None:
    a_day(world)
    world.catch_up()
    with leaving([Writer(verify_step_by_step, world.url, "items")]) as (dying,):
        done, total = dying.pipe.recv()
        dying.kill()
    assert 0 < done < total
    assert left_behind(world) == ONE_BUILD
    await_end_of_verifier(world)

    start(world.models)

    assert left_behind(world) == NOTHING


def await_end_of_verifier(world: World) -> None:
    """Wait until the server has noticed that whoever worked on the scratch build is gone."""
    (build,) = [one.build for one in world.models.list_projections() if one.state == "scratch"]
    world.query("select pg_advisory_xact_lock(%s, %s)", SCRATCH_LOCK, build)


@every_starter
def test_a_verify_that_is_running_is_left_alone(
    world: World, start: Callable[[ReadModels], object]
) -> None:
    a_day(world)
    world.catch_up()
    with leaving([Writer(verify_step_by_step, world.url, "items")]) as (running,):
        said = running.pipe.recv()

        start(world.models)

        assert left_behind(world) == ONE_BUILD
        while not isinstance(said, Verified):
            running.tell("on")
            said = running.pipe.recv()
    assert said.differing == ()
    assert left_behind(world) == NOTHING


@every_starter
def test_a_verify_of_this_very_session_is_left_alone(
    world: World, start: Callable[[ReadModels], object]
) -> None:
    a_day(world)
    world.catch_up()

    def meanwhile(_done: int, _total: int) -> None:
        start(world.models)

    found = world.models.verify("items", meanwhile)

    assert found.differing == ()
    assert left_behind(world) == NOTHING
