"""A log that was set back gives positions a second time: read models of before stop and say so."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.refusals import InfraError
from infra.postgres import connect
from infra.restores import raise_epoch
from projections.catalog import BY_NAME
from services.pipeline import Pipeline
from tests.integration.projections.stepping import rebuild_step_by_step
from tests.integration.projections.world import World, a_day
from tests.support.processes import Writer


@pytest.fixture
def owner(world: World) -> Iterator[psycopg.Connection[Any]]:
    with connect(world.url) as connection:
        yield connection


def set_back(owner: psycopg.Connection[Any], world: World, events: int) -> None:
    """Lose the last events, as a restore from a backup does, and what the writer remembers."""
    end = world.log.head().position - events
    for table, column in (("commands", "last_position"), ("events", "position")):
        for statement in (
            f"alter table log.{table} disable trigger immutable",
            f"delete from log.{table} where {column} > {end}",  # noqa: S608 - our own words
            f"alter table log.{table} enable always trigger immutable",
        ):
            owner.execute(statement.encode())
    world.pipeline.close()
    world.pipeline = Pipeline(world.pipeline_log, lambda: world.now)


def stands(world: World) -> dict[str, tuple[bool, int, int]]:
    listed = world.models.list_projections()
    return {one.name: (one.replaced, one.position, one.lag) for one in listed}


@pytest.mark.parametrize("orders", [0, 3, 20], ids=["as it was", "shorter", "longer"])
def test_a_log_that_was_set_back_stops_the_read_models_however_long_it_is_now(
    world: World, owner: psycopg.Connection[Any], orders: int
) -> None:
    a_day(world)
    world.catch_up()

    set_back(owner, world, 6)
    for _ in range(orders):
        world.place()

    with pytest.raises(InfraError, match="orderpath projection rebuild activity") as stopped:
        world.catch_up()
    assert stopped.value.code == "log_replaced"
    assert all(replaced and lag > 0 for replaced, _, lag in stands(world).values())
    assert world.query("select count(*) from analytics.freshness where lag = 0") == [(0,)]


def test_read_models_that_had_not_come_so_far_go_on(
    world: World, owner: psycopg.Connection[Any]
) -> None:
    placed = a_day(world)
    world.catch_up()
    lost = [world.place() for _ in range(3)]

    set_back(owner, world, len(lost))
    more = [world.place() for _ in range(4)]
    world.catch_up()

    known = {row["order_id"] for row in world.tables()["orders.orders"]}
    assert known == {*placed, *more}


def test_rebuilt_they_are_those_of_the_log_as_it_is_now(
    world: World, owner: psycopg.Connection[Any]
) -> None:
    a_day(world)
    world.catch_up()
    set_back(owner, world, 6)
    more = [world.place() for _ in range(3)]

    for name in BY_NAME:
        world.models.rebuild(name)

    assert world.catch_up() == 0
    assert stands(world) == dict.fromkeys(BY_NAME, (False, world.log.head().position, 0))
    known = {row["order_id"] for row in world.tables()["orders.orders"]}
    assert known.issuperset(more)
    assert len(world.tables()["activity.activity"]) == world.order_events()


def test_a_rebuild_that_was_begun_before_is_begun_anew(
    world: World, owner: psycopg.Connection[Any]
) -> None:
    a_day(world)
    world.catch_up()
    dying = Writer(rebuild_step_by_step, world.url, "activity")
    dying.pipe.recv()
    for _ in range(2):
        dying.tell("on")
        dying.pipe.recv()
    dying.kill()
    set_back(owner, world, world.log.head().position - 5)
    world.place()

    world.models.rebuild("activity")

    assert len(world.tables()["activity.activity"]) == world.order_events() > 0


def test_a_raised_epoch_stops_them_although_nothing_waits(world: World) -> None:
    a_day(world)
    world.catch_up()

    assert raise_epoch(world.url) == world.log.head().epoch == 2

    with pytest.raises(InfraError, match="orderpath projection rebuild") as stopped:
        world.catch_up()
    assert stopped.value.code == "log_replaced"
    for name in BY_NAME:
        world.models.rebuild(name)
    assert world.catch_up() == 0


def test_only_the_owner_says_that_the_log_was_restored(world: World) -> None:
    writer = world.url.replace("postgres@", "orderpath_writer@")

    with pytest.raises(InfraError, match="orderpath_writer may only use") as refused:
        raise_epoch(writer)

    assert refused.value.code == "not_the_owner"
    assert world.log.head().epoch == 1


def test_a_checkpoint_that_an_older_version_moved_is_believed(
    world: World, owner: psycopg.Connection[Any]
) -> None:
    """It knows of no time beside the position; the database notes it."""
    world.catch_up()
    world.place()
    end = world.log.head().position

    owner.execute("update projection.checkpoints set position = %s", [end])

    assert stands(world) == dict.fromkeys(BY_NAME, (False, end, 0))
