"""Nobody changes what stands in the log: triggers refuse the owner, rights refuse the rest."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from infra.postgres import connect
from tests.support.loads import open_shop
from tests.support.postgres import cloned_database

IMMUTABLE: Final = ("events", "commands", "definitions", "path_statuses", "path_transitions")
CHANGES: Final = {
    "update": "update log.{0} set {1} = {1}",
    "delete": "delete from log.{0}",
    "truncate": "truncate log.{0}",
    "truncate cascade": "truncate log.{0} cascade",
}
TABLES: Final = (*IMMUTABLE, "head", "keys", "snapshots")
ROLES: Final = (
    "orderpath_writer",
    "orderpath_projector",
    "orderpath_analyst",
    "orderpath_auditor",
)
MAY_READ: Final = {
    "orderpath_writer": set(TABLES),
    "orderpath_projector": {*TABLES} - {"keys", "snapshots", "commands"},
    "orderpath_analyst": set(),
    "orderpath_auditor": {*TABLES} - {"keys", "snapshots"},
}

each_change = pytest.mark.parametrize("change", CHANGES)
each_role = pytest.mark.parametrize("role", ROLES)


@pytest.fixture(scope="module")
def filled(migrated_server: str) -> Iterator[str]:
    """One for all tests of this file: after all, nobody can change it."""
    with cloned_database(migrated_server) as url:
        open_shop(url, orders=1)
        yield url


@pytest.fixture
def owner(filled: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(filled) as connection:
        yield connection


def changing(table: str, change: str) -> sql.Composed:
    column = "path" if table.startswith("path_") else "recorded_at"
    return sql.SQL(change).format(sql.Identifier(table), sql.Identifier(column))


def counted(owner: psycopg.Connection[Any]) -> list[Any]:
    return owner.execute(
        "select (select count(*) from log.events), (select count(*) from log.commands),"
        " (select count(*) from log.definitions)"
    ).fetchall()


def test_even_the_superuser_who_owns_it_cannot_change_the_log(
    owner: psycopg.Connection[Any],
) -> None:
    before = counted(owner)

    for table in IMMUTABLE:
        for change in CHANGES.values():
            with pytest.raises(InsufficientPrivilege, match="the log is immutable"):
                owner.execute(changing(table, change))

    assert before == [(3, 2, 1)]
    assert counted(owner) == before


def test_a_session_that_calls_itself_a_replica_cannot_change_the_log_either(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute("set session_replication_role = replica")

    with pytest.raises(InsufficientPrivilege, match="the log is immutable"):
        owner.execute("delete from log.events where position = 1")


@each_role
def test_no_role_of_the_application_may_change_the_log(filled: str, role: str) -> None:
    with connect(filled, role=role) as session:
        session.execute("set default_transaction_read_only = off")
        for table in IMMUTABLE:
            for change in CHANGES.values():
                with pytest.raises(InsufficientPrivilege, match="permission denied"):
                    session.execute(changing(table, change))


@each_role
def test_no_role_inserts_but_through_the_one_function(filled: str, role: str) -> None:
    with connect(filled, role=role) as session:
        session.execute("set default_transaction_read_only = off")
        for table in TABLES:
            if (role, table) == ("orderpath_writer", "snapshots"):
                continue  # They are disposable.
            statement = sql.SQL("insert into log.{0} select * from log.{0}")
            with pytest.raises(InsufficientPrivilege, match="permission denied"):
                session.execute(statement.format(sql.Identifier(table)))


@each_role
def test_each_role_reads_what_it_needs_and_only_writers_see_keys(filled: str, role: str) -> None:
    readable = set()
    with connect(filled, role=role) as session:
        for table in TABLES:
            try:
                session.execute(sql.SQL("select * from log.{}").format(sql.Identifier(table)))
                readable.add(table)
            except InsufficientPrivilege:
                pass

    assert readable == MAY_READ[role]


KEYS: Final = (
    "append_knowing",
    "holds_keys",
    "retire_master_key",
    "rewrap",
    "use_master_key",
    "wrapping_of",
)


def test_only_writers_may_append_or_hold_the_head(filled: str) -> None:
    query = (
        "select r, p.proname from unnest(%s::text[]) r, pg_proc p"
        " where p.pronamespace = 'log'::regnamespace"
        " and has_function_privilege(r, p.oid, 'execute')"
    )
    with connect(filled) as session:
        found = session.execute(query, [[*ROLES, "public"]]).fetchall()

    allowed = ("append", "hold", "keep_states", "opens", *KEYS)
    assert set(found) == {("orderpath_writer", name) for name in allowed}


@each_role
def test_no_role_turns_the_triggers_off_or_changes_the_tables(filled: str, role: str) -> None:
    with connect(filled, role=role) as session:
        for statement in (
            "alter table log.events disable trigger all",
            "set session_replication_role = replica",
            "drop trigger immutable on log.events",
            "create or replace function log.refuse_change() returns trigger language plpgsql"
            " as 'begin return new; end'",
            "drop table log.events cascade",
        ):
            with pytest.raises((InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
                session.execute(statement)


def test_the_analyst_finds_nothing_of_the_log_and_cannot_write(filled: str) -> None:
    with connect(filled, role="orderpath_analyst") as session:
        visible = session.execute(
            "select table_name from information_schema.tables where table_schema = 'log'"
        ).fetchall()
        with pytest.raises(InsufficientPrivilege):
            session.execute("select log.append('{}', '[]', '[]', '[]', '[]', '[]', '[]')")

    assert visible == []
