"""A rebuild gives what following gave, and can die at any moment."""

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from domain.refusals import InfraError
from infra.event_log import open_log
from infra.postgres import Session, connect
from projections.catalog import BY_NAME, UnknownProjection
from services.follower import Follower
from services.read_models import ReadModels
from tests.integration.projections.stepping import rebuild_step_by_step
from tests.integration.projections.world import Newer, World, a_day
from tests.support.processes import Writer

every_projection = pytest.mark.parametrize("name", sorted(BY_NAME))


def schemas(world: World) -> list[str]:
    return [row[0] for row in world.query("select nspname from pg_namespace where nspname ~ '^p_'")]


@every_projection
def test_incremental_equals_rebuilt(world: World, name: str) -> None:
    a_day(world)
    for _ in range(3):
        a_day(world, 3)
        world.follower(batch_events=4).catch_up()
    followed = world.tables()

    build = world.models.rebuild(name)

    assert world.tables() == followed
    assert build.schema in schemas(world)
    assert len(schemas(world)) == len(BY_NAME), "The old build must be gone."


def test_a_rebuild_follows_what_came_meanwhile(world: World) -> None:
    a_day(world)
    world.catch_up()

    def meanwhile(_done: int, _total: int) -> None:
        world.place()

    replace(world.models, batch_events=10).rebuild("orders", meanwhile)

    world.catch_up()
    placed = [
        event
        for event in world.events()
        if event.version == 1 and event.stream_id.startswith("order-")
    ]
    assert len(world.tables()["orders.orders"]) == len(placed)


def test_a_killed_rebuild_goes_on_where_it_was(world: World) -> None:
    a_day(world)
    world.catch_up()
    followed = world.tables()
    dying = Writer(rebuild_step_by_step, world.url, "status_visits")
    first = dying.pipe.recv()
    dying.tell("on")
    second = dying.pipe.recv()
    dying.kill()
    assert 0 < first[0] < second[0] < second[1]
    assert world.tables() == followed, "Readers still see the live build."
    told: list[tuple[int, int]] = []

    world.models.rebuild("status_visits", lambda *step: told.append(step))

    left = second[1] - second[0]
    assert told[-1] == (left, left), "What was done is not done again."
    assert world.tables() == followed
    assert len(schemas(world)) == len(BY_NAME)


def test_a_new_version_replaces_tables_and_views_together(world: World) -> None:
    a_day(world)
    world.catch_up()
    newer: Any = Newer("orders")
    models = replace(world.models, projections={**BY_NAME, "orders": newer})
    follower = Follower(world.projector(projections=models.projections), world.log)

    assert models.prepare() == ["orders"]
    world.place()
    follower.catch_up()
    assert len(world.tables()["orders.orders"]) == 8, "Only its own version writes a build."
    assert follower.catch_up() == 0, "What it cannot feed is not what it waits for."

    models.rebuild("orders")

    assert world.query("select distinct extra, count(*) from live.orders group by 1") == [("x", 9)]
    reader = "orderpath_analyst"
    assert world.query("select count(*) from analytics.orders", role=reader) == [(9,)]
    assert models.prepare() == []


def test_tables_of_a_later_version_are_left_alone(world: World) -> None:
    with connect(world.url) as owner:
        owner.execute("update projection.builds set version = 99 where projection = 'items'")

    with pytest.raises(InfraError, match="upgrade") as raised:
        world.models.prepare()

    assert raised.value.code == "newer_version"


def test_the_list_says_how_each_build_stands(world: World) -> None:
    world.catch_up()
    world.place()
    end = world.log.head().position

    listed = world.models.list_projections()

    assert {one.name: (one.state, one.position, one.lag) for one in listed} == dict.fromkeys(
        BY_NAME, ("live", end - 1, 1)
    )
    assert all(one.oldest_waiting_at is not None for one in listed)
    world.catch_up()
    assert {one.lag for one in world.models.list_projections()} == {0}


def test_preparing_twice_at_once_makes_one_build_each(database_url: str) -> None:
    def prepare_once() -> None:
        log = open_log(database_url, role="orderpath_projector")
        session = Session(database_url, role="orderpath_projector")
        ReadModels(session.connection, log).prepare()
        log.close()
        session.close()

    threads = [Thread(target=prepare_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with connect(database_url) as owner:
        rows = owner.execute("select projection, state from projection.builds").fetchall()
    assert sorted(rows) == [(name, "live") for name in sorted(BY_NAME)]


def test_an_unknown_name_is_answered_with_the_known_ones(world: World) -> None:
    models = world.models
    for question in (models.rebuild, models.verify, models.retry, models.list_parked):
        with pytest.raises(UnknownProjection, match="status_visits"):
            question("nothing")
