"""A fresh schema is all migrations applied; a kill half-way or another process is no harm."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Final
from uuid import uuid4

import pytest
from psycopg import sql

import infra
from domain.refusals import InfraError
from infra.embedded import postgres_binary
from infra.migrate import LOCK, is_current, migrate
from infra.postgres import connect, ensure_database
from tests.support.postgres import database_at

FILES: Final = sorted((Path(infra.__file__).parent / "migrations").glob("*.sql"))
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.support.loads"])


@pytest.fixture
def empty_url(postgres_server: str) -> Iterator[str]:
    """An empty database that no migration has seen."""
    name = f"empty_{uuid4().hex}"
    url = database_at(postgres_server, name)
    ensure_database(url)
    yield url
    with connect(postgres_server) as session:
        session.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def schema(url: str) -> str:
    """Give all definitions and rights of a database, without the bookkeeping of migrations."""
    dump = subprocess.run(
        [postgres_binary("pg_dump"), "--schema-only", "--exclude-table=public.*yoyo*", url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return "\n".join(line for line in dump.splitlines() if "restrict" not in line)


def marked(url: str) -> set[str]:
    with connect(url) as session:
        return {name for (name,) in session.execute("select migration_id from _yoyo_migration")}


def test_a_fresh_schema_is_all_migrations_applied(empty_url: str, database_url: str) -> None:
    assert not is_current(empty_url)

    applied = migrate(empty_url)

    assert applied == [file.stem for file in FILES]
    assert is_current(empty_url)
    assert schema(empty_url) == schema(database_url)
    assert "CREATE TABLE log.events" in schema(empty_url)


def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = schema(database_url)

    assert migrate(database_url) == []
    assert is_current(database_url)
    assert schema(database_url) == before


def test_several_processes_migrate_at_once_and_each_file_is_applied_once(
    empty_url: str, database_url: str
) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, [empty_url] * 4))

    assert sorted(applied) == [[], [], [], [file.stem for file in FILES]]
    assert schema(empty_url) == schema(database_url)


def test_a_migration_that_was_killed_at_any_moment_can_go_on(
    postgres_server: str, empty_url: str, database_url: str
) -> None:
    """The file and the note that it was applied are one transaction."""
    random = Random(17)
    for _ in range(30):
        process = _processes.Process(target=migrate, args=(empty_url,))
        process.start()
        process.join(random.uniform(0.01, 0.25))  # The moment is what differs, not a wait.
        assert process.pid
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        finished = process.exitcode == 0
        process.close()
        if finished:
            break

    migrate(empty_url)

    assert marked(empty_url) == {file.stem for file in FILES}
    assert schema(empty_url) == schema(database_url)
    assert postgres_server


def test_a_migration_whose_mark_fails_leaves_nothing_behind(empty_url: str) -> None:
    """As if killed exactly between a file and its mark: a trigger refuses the mark once."""
    with connect(empty_url) as session:
        migrate(empty_url)
        session.execute("drop schema log cascade")
        session.execute("drop schema analytics, projection, live cascade")
        session.execute("delete from _yoyo_migration")
        session.execute(
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'the power failed'; end $$;"
            " create trigger refuse before insert on _yoyo_migration"
            " for each row execute function refuse()"
        )
        with pytest.raises(Exception, match="the power failed"):
            migrate(empty_url)
        found = session.execute("select to_regclass('log.events')").fetchone()

    assert found == (None,)


def test_a_lock_that_a_killed_process_left_behind_is_nobody_s(empty_url: str) -> None:
    with connect(empty_url) as session:
        session.execute(
            "create table yoyo_lock (locked int default 1 primary key, ctime timestamp, pid int);"
            "insert into yoyo_lock (pid) values (1)"
        )

    assert migrate(empty_url) == [file.stem for file in FILES]


def test_a_migration_runs_in_a_session_like_all_others(empty_url: str) -> None:
    with connect(empty_url) as session:
        name = sql.Identifier(session.info.dbname)
        session.execute(sql.SQL("alter database {} set timezone = 'Asia/Tokyo'").format(name))
        session.execute(
            "create table public.seen (application_name text, time_zone text);"
            "create function public.see() returns event_trigger language plpgsql as $$ begin"
            "  insert into public.seen"
            "  values (current_setting('application_name'), current_setting('timezone'));"
            " end $$;"
            "create event trigger see on ddl_command_end execute function public.see()"
        )

    migrate(empty_url)

    with connect(empty_url) as session:
        seen = session.execute("select distinct * from public.seen").fetchall()
    assert seen == [("orderpath migrate", "UTC")]


@pytest.mark.parametrize(
    "held",
    [f"select pg_advisory_xact_lock({LOCK})", "lock table public._yoyo_migration"],
    ids=["another migration", "a table"],
)
def test_a_database_that_somebody_else_holds_is_not_waited_for_for_ever(
    database_url: str, held: str
) -> None:
    with connect(database_url) as other, other.transaction():
        other.execute(held.encode())

        with pytest.raises(InfraError, match=r"held this database for 0\.1 s") as caught:
            migrate(database_url, patience_seconds=0.1)

    assert caught.value.code == "database_busy"


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    with connect(database_url) as session:
        session.execute("insert into _yoyo_migration values ('abc', '9999-later', localtimestamp)")
    before = schema(database_url)

    assert not is_current(database_url)
    with pytest.raises(InfraError, match="later Orderpath") as caught:
        migrate(database_url)

    assert caught.value.code == "newer_version"
    assert schema(database_url) == before
