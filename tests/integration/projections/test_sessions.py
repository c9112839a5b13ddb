"""A build's statements meet its own tables, and who has none to send pays for none."""

import pytest

from projections.builds import list_builds
from projections.sessions import BuildCursor, transaction
from tests.integration.projections.world import World

PATH = "select current_setting('search_path')"


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
