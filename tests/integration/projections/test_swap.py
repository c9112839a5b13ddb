"""Tables are swapped under the eyes of readers, and none of them ever notices."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from threading import Event as Signal
from threading import Thread
from typing import Any, ClassVar

import psycopg
import pytest
from structlog.testing import capture_logs

from domain.refusals import InfraError
from infra.postgres import connect
from projections.builds import Build, checksum, find_build
from projections.catalog import BY_NAME
from projections.interface import Projection
from projections.sessions import Busy, transaction
from services.read_models import ReadModels
from tests.integration.projections.world import Newer, World, a_day

ANALYST = "orderpath_analyst"
PROJECTOR = "orderpath_projector"


@contextmanager
def snapshot_of(world: World, role: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a transaction that sees one moment, and has read no table yet."""
    with connect(world.url, role=role, autocommit=False) as reader:
        reader.execute("set transaction isolation level repeatable read, read only")
        reader.execute("select 1")
        yield reader


def states(world: World, name: str) -> set[str]:
    return {one.state for one in world.models.list_projections() if one.name == name}


def test_readers_never_go_back_in_time_at_the_swap(world: World) -> None:
    a_day(world)
    world.catch_up()

    def seen_before_the_swap(done: int, total: int) -> None:
        if done == total:
            world.place()
            world.catch_up()

    world.models.rebuild("items", seen_before_the_swap)

    freshness = "select position, lag from analytics.freshness where projection = 'items'"
    assert world.query(freshness) == [(world.log.head().position, 0)]
    assert world.query("select count(*) from live.order_totals") == [(9,)]


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
        world.models.rebuild("orders")
        world.models.rebuild("status_visits")
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
        world.models.rebuild("orders")
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


def test_a_swap_that_waits_says_so_and_one_that_gave_up_is_done_later(world: World) -> None:
    a_day(world)
    world.catch_up()

    with connect(world.url, role=ANALYST, autocommit=False) as analyst:
        analyst.execute("select count(*) from analytics.orders")
        with capture_logs() as told, pytest.raises(InfraError, match="run `orderpath") as raised:
            replace(world.models, swap_seconds=0.5).rebuild("orders")

    assert raised.value.code == "swap_blocked"
    assert [one["event"] for one in told] == ["swap_waits"]
    (ready,) = [one for one in world.models.list_projections() if one.state == "rebuilding"]
    assert world.models.rebuild("orders").build == ready.build
    assert states(world, "orders") == {"live"}


class Blocked(ReadModels):
    """Blocked for a moment, then far behind for longer than it has patience, and blocked again."""

    steps: ClassVar[list[str]] = []

    def _swap(self, projection: Projection, build: Build) -> bool:
        step = self.steps.pop(0) if self.steps else "goes"
        if step == "blocked":
            raise Busy("tables_busy", "somebody reads them")
        if step == "behind":
            Signal().wait(1.5 * self.swap_seconds)
            return False
        return super()._swap(projection, build)


def test_the_patience_of_a_swap_begins_anew_where_it_was_only_far_behind(world: World) -> None:
    a_day(world)
    world.catch_up()
    models = Blocked(world.lend, world.log, swap_seconds=0.4)
    models.steps[:] = ["blocked", "behind", "blocked"]

    assert models.rebuild("orders").state == "rebuilding"

    assert states(world, "orders") == {"live"}
    assert models.steps == []


def test_an_open_snapshot_reads_what_it_could_see_however_often_all_is_rebuilt(
    world: World,
) -> None:
    a_day(world)
    world.catch_up()
    impatient = replace(world.models, old_tables_seconds=0)
    followed = world.tables()

    with snapshot_of(world, PROJECTOR) as reader:
        for name in (*BY_NAME, "orders", "items"):
            world.place()
            world.catch_up()
            impatient.rebuild(name)
        assert world.tables(reader=reader) == followed

    assert len(world.tables()["orders.orders"]) == len(followed["orders.orders"]) + len(BY_NAME) + 2


def test_an_analysts_open_snapshot_counts_the_same_before_and_after_swaps(world: World) -> None:
    placed = a_day(world)
    world.catch_up()
    position = world.log.head().position

    with snapshot_of(world, ANALYST) as analyst:
        for name in ("orders", "status_visits"):
            world.place()
            world.models.rebuild(name)
        counted = analyst.execute(
            "select (select count(*) from analytics.orders),"
            " (select count(distinct order_id) from analytics.status_visits),"
            " (select count(*) from analytics.stale_orders_at(now())),"
            " (select max(position) from analytics.freshness)"
        ).fetchone()

    assert counted == (len(placed), len(placed), 6, position)


def test_an_open_snapshot_reads_the_old_rows_in_the_columns_of_a_new_version(
    world: World,
) -> None:
    a_day(world)
    world.catch_up()
    newer: Any = Newer("orders")

    with snapshot_of(world, PROJECTOR) as reader:
        replace(world.models, projections={**BY_NAME, "orders": newer}).rebuild("orders")
        seen = reader.execute(
            "select count(*), count(path), count(extra) from live.orders"
        ).fetchone()

    assert seen == (8, 8, 0)
    assert world.query("select count(extra) from live.orders") == [(8,)]


def test_tables_that_are_being_read_stay_where_they_are(world: World) -> None:
    a_day(world)
    world.catch_up()

    with transaction(world.lend, snapshot=True, idle="1min") as tx:
        live = find_build(tx, "items", "live")
        assert live is not None
        with connect(world.url, role=PROJECTOR) as other:
            replace(world.models, lend=lambda: nullcontext(other)).rebuild("items")
        read = checksum(tx, BY_NAME["items"], live)

    assert {table: rows for table, (rows, _) in read.items()} == {
        "items": 8,
        "order_totals": 8,
        "tellings": 0,
    }


def test_old_tables_go_with_the_last_reader_that_could_see_them(world: World) -> None:
    a_day(world)
    world.catch_up()

    with snapshot_of(world, ANALYST) as old:
        world.models.rebuild("orders")
        with snapshot_of(world, ANALYST) as young:
            world.models.prepare()
            assert states(world, "orders") == {"live", "retired"}
            assert old.execute("select count(*) from analytics.orders").fetchone() == (8,)

            old.rollback()
            world.models.prepare()

            assert states(world, "orders") == {"live"}
            assert young.execute("select count(*) from analytics.orders").fetchone() == (8,)
