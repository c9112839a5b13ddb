"""A rebuild gives what following gave; it can die at any moment, and no reader ever notices."""

from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest

from domain.refusals import InfraError
from infra.event_log import open_log
from infra.postgres import Session, connect
from projections import catalog
from projections.builds import list_builds
from projections.catalog import BY_NAME, UnknownProjection
from projections.sessions import transaction, use_schema
from services import rebuild as rebuilds
from services.projector import Projector
from services.rebuild import list_projections, parked_in, prepare, rebuild, retry, verify
from tests.integration.projections.rebuilding import rebuild_step_by_step
from tests.integration.projections.world import World, a_day
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

    build = rebuild(world.lend, world.log, name)

    assert world.tables() == followed
    assert build.schema in schemas(world)
    assert len(schemas(world)) == len(BY_NAME), "The old build must be gone."


def test_a_rebuild_follows_what_came_meanwhile(world: World) -> None:
    a_day(world)
    world.catch_up()

    def meanwhile(_done: int, _total: int) -> None:
        world.place()

    rebuild(world.lend, world.log, "orders", meanwhile, batch_events=10)

    world.catch_up()
    placed = [event for event in world.events() if event.version == 1 and event.position > 1]
    assert len(world.tables()["orders.orders"]) == len(placed)


def test_readers_never_go_back_in_time_at_the_swap(world: World) -> None:
    a_day(world)
    world.catch_up()
    seen_before = world.query("select position from analytics.freshness where projection = 'items'")

    rebuild(world.lend, world.log, "items")

    freshness = "select position, lag from analytics.freshness where projection = 'items'"
    assert world.query(freshness) == [(seen_before[0][0], 0)]


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

    rebuild(world.lend, world.log, "status_visits", lambda *step: told.append(step))

    left = second[1] - second[0]
    assert told[-1] == (left, left), "What was done is not done again."
    assert world.tables() == followed
    assert len(schemas(world)) == len(BY_NAME)


def test_readers_see_a_whole_table_all_the_time(world: World) -> None:
    placed = a_day(world)
    world.catch_up()
    stop, seen = Signal(), set[int]()
    errors: list[Exception] = []

    def read() -> None:
        with connect(world.url, role="orderpath_analyst") as analyst:
            while not stop.is_set():
                try:
                    row = analyst.execute("select count(*) from analytics.orders").fetchone()
                    assert row is not None
                    seen.add(row[0])
                except Exception as error:  # noqa: BLE001 - whatever it is, the test fails
                    errors.append(error)

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(4):
        rebuild(world.lend, world.log, "orders")
        rebuild(world.lend, world.log, "status_visits")
    stop.set()
    for reader in readers:
        reader.join(10)

    assert errors == []
    assert seen == {len(placed)}


def test_a_long_read_delays_the_swap_and_is_not_broken_by_it(world: World) -> None:
    placed = a_day(world)
    world.catch_up()
    done = Signal()

    def rebuild_orders() -> None:
        rebuild(world.lend, world.log, "orders")
        done.set()

    with connect(world.url, role="orderpath_analyst", autocommit=False) as analyst:
        assert analyst.execute("select count(*) from analytics.orders").fetchone() == (8,)
        thread = Thread(target=rebuild_orders)
        thread.start()
        assert not done.wait(0.6)
        assert analyst.execute("select count(*) from analytics.orders").fetchone() == (8,)
    thread.join(20)

    assert done.is_set()
    assert len(world.tables()["orders.orders"]) == len(placed)


class Newer:
    """The same read model as a later version would make it: with one more column."""

    def __init__(self, name: str) -> None:
        real = BY_NAME[name]
        self.name, self.version, self.tables = real.name, real.version + 1, real.tables
        self.ddl = real.ddl + f"alter table {real.tables[0]} add column extra text default 'x';"
        self.apply = real.apply


def test_a_new_version_replaces_tables_and_views_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(world)
    world.catch_up()
    newer: Any = Newer("orders")
    by_name = {**BY_NAME, "orders": newer}
    for module in (catalog, rebuilds):
        monkeypatch.setattr(module, "BY_NAME", by_name)
        monkeypatch.setattr(module, "PROJECTIONS", tuple(by_name.values()))
    monkeypatch.setattr(Projector.__init__, "__kwdefaults__",
                        {"driver": "follower", "build": None, "projections": by_name})  # fmt: skip

    assert prepare(world.lend, world.log) == ["orders"]
    world.place()
    world.catch_up()
    assert len(world.tables()["orders.orders"]) == 8, "Only its own version writes a build."
    assert world.catch_up() == 0, "What it cannot feed is not what it waits for."

    rebuild(world.lend, world.log, "orders")

    assert world.query("select distinct extra, count(*) from live.orders group by 1") == [("x", 9)]
    reader = "orderpath_analyst"
    assert world.query("select count(*) from analytics.orders", role=reader) == [(9,)]
    assert prepare(world.lend, world.log) == []


def test_tables_of_a_later_version_are_left_alone(world: World) -> None:
    with connect(world.url) as owner:
        owner.execute("update projection.builds set version = 99 where projection = 'items'")

    with pytest.raises(InfraError, match="upgrade") as raised:
        prepare(world.lend, world.log)

    assert raised.value.code == "newer_version"


@every_projection
def test_verify_finds_nothing_in_honest_tables(world: World, name: str) -> None:
    a_day(world)
    world.follower(batch_events=3).catch_up()

    found = verify(world.lend, world.log, name)

    assert found.differing == ()
    assert found.rows == {
        table: len(world.tables()[f"{name}.{table}"]) for table in BY_NAME[name].tables
    }
    assert len(schemas(world)) == len(BY_NAME), "Nothing is left of the replay."


def test_verify_names_the_table_that_was_altered(world: World) -> None:
    a_day(world)
    world.catch_up()
    world.place()  # What is not applied yet is no difference.
    with transaction(world.lend) as tx:
        (build,) = [b for b in list_builds(tx, "live") if b.projection == "status_visits"]
        use_schema(tx, build.schema)
        tx.execute("update visits set status = 'done' where visit_no = 2")

    assert verify(world.lend, world.log, "status_visits").differing == ("visits",)


def test_the_list_says_how_each_build_stands(world: World) -> None:
    world.catch_up()
    world.place()
    end = world.log.head().position

    listed = list_projections(world.lend, world.log)

    assert {one.name: (one.state, one.position, one.lag) for one in listed} == dict.fromkeys(
        BY_NAME, ("live", end - 1, 1)
    )
    assert all(one.oldest_waiting_at is not None for one in listed)
    world.catch_up()
    assert {one.lag for one in list_projections(world.lend, world.log)} == {0}


def test_preparing_twice_at_once_makes_one_build_each(database_url: str) -> None:
    def prepare_once() -> None:
        log = open_log(database_url, role="orderpath_projector")
        session = Session(database_url, role="orderpath_projector")
        prepare(session.connection, log)
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
    for question in (rebuild, verify, retry):
        with pytest.raises(UnknownProjection, match="status_visits"):
            question(world.lend, world.log, "nothing")
    with pytest.raises(UnknownProjection, match="status_visits"):
        parked_in(world.lend, "nothing")
