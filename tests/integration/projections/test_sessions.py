"""A build's statements meet its own tables, and who has none to send pays for none."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from psycopg import sql

from infra.postgres import connect
from projections.builds import list_builds
from projections.sessions import BuildCursor, SessionLost, take_back, transaction
from tests.integration.projections.world import World, open_world

PATH = "select current_setting('search_path')"
COMMIT = "show synchronous_commit"


@pytest.fixture
def schema(world: World) -> str:
    world.catch_up()
    with transaction(world.lend) as tx:
        (build,) = [b for b in list_builds(tx, "live") if b.projection == "payments"]
    return build.schema


def test_a_build_sends_its_first_statement_to_its_own_tables(world: World, schema: str) -> None:
    with transaction(world.lend) as tx, BuildCursor(tx.connection, schema) as own:
        assert own.execute(PATH).fetchone() == (f"{schema}, pg_temp",)


def test_a_build_that_sends_none_leaves_the_transaction_as_it_is(world: World, schema: str) -> None:
    with transaction(world.lend) as tx:
        with BuildCursor(tx.connection, schema):
            pass
        assert tx.execute(PATH).fetchone() == ("pg_temp",)


def test_many_statements_and_copied_rows_go_there_too(world: World, schema: str) -> None:
    with transaction(world.lend) as tx:
        with BuildCursor(tx.connection, schema) as own:
            own.executemany(f"{PATH} where %s", [[True], [True]], returning=True)
            assert own.fetchone() == (f"{schema}, pg_temp",)
        with BuildCursor(tx.connection, schema) as own, own.copy(f"copy ({PATH}) to stdout") as out:
            assert list(out.rows()) == [(f"{schema}, pg_temp",)]


def test_what_was_lost_before_its_end_is_not_taken_for_done(world: World) -> None:
    def move_and_lose() -> None:
        with transaction(world.lend) as tx:
            tx.execute("update projection.checkpoints set position = 7 where shard = 0")
            tx.connection.close()  # As where whoever keeps it awake finds it ended.

    with pytest.raises(SessionLost):
        move_and_lose()

    found = world.query("select distinct position from projection.checkpoints where shard = 0")
    assert found == [(0,)]


@pytest.fixture
def asked(database_url: str) -> Iterator[World]:
    """A shop on a server of which its owner asks more of a commit than the default."""
    with connect(database_url) as owner:
        owner.execute(
            sql.SQL("alter database {} set synchronous_commit = remote_apply").format(
                sql.Identifier(owner.info.dbname)
            )
        )
    with open_world(database_url) as opened:
        yield opened


def test_only_what_applies_events_may_be_lost_in_a_crash(asked: World) -> None:
    with transaction(asked.lend) as tx:
        assert tx.execute(COMMIT).fetchone() == ("remote_apply",)
    with transaction(asked.lend, durable=False) as tx:
        assert tx.execute(COMMIT).fetchone() == ("off",)
    with transaction(asked.lend) as tx:
        assert tx.execute(COMMIT).fetchone() == ("remote_apply",)


def test_whoever_lets_events_be_applied_within_takes_back_that_they_may_be_lost(
    asked: World,
) -> None:
    with transaction(asked.lend, lock="3s") as tx:
        with transaction(lambda: nullcontext(tx.connection), lock="5min", durable=False):
            pass
        take_back(tx, "3s")
        assert tx.execute(COMMIT).fetchone() == ("remote_apply",)
        assert tx.execute("show lock_timeout").fetchone() == ("3s",)
