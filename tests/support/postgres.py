"""A PostgreSQL for a test session: one server, two migrated templates, one clone for each test.

All pytest-xdist workers share the server: the embedded one is made to be shared by processes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from domain.refusals import InfraError
from infra.embedded import start_embedded
from infra.event_log import open_log
from infra.migrate import migrate
from infra.postgres import Session, connect, ensure_database
from services.read_models import ReadModels

# Tests that kill servers start their own, with fsync on; here only speed counts.
FAST_AND_FORGETFUL: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "max_wal_size": "512MB",  # It may lie in memory.
}
TEMPLATE: Final = "orderpath_template"
PREPARED: Final = "orderpath_template_prepared"  # with the empty tables of the projections
UNFINISHED: Final = "orderpath_template_unfinished"
TEMPLATE_LOCK: Final = 7_071  # advisory lock of the one worker that makes the templates


def start_test_server(folder: Path) -> str:
    """Give the URL of the session's server; or skip, except under CI."""
    try:
        return start_embedded(folder, settings=FAST_AND_FORGETFUL)
    except InfraError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"needs PostgreSQL, which did not start: {error}")


def ensure_templates(server_url: str) -> None:
    """Make the databases that the tests' databases are clones of, once a session."""
    with connect(server_url) as session:
        session.execute("select pg_advisory_lock(%s)", (TEMPLATE_LOCK,))
        found = session.execute("select 1 from pg_database where datname = %s", (PREPARED,))
        if found.fetchone():
            return
        unfinished = database_at(server_url, UNFINISHED)
        ensure_database(unfinished)
        for template, make in ((TEMPLATE, migrate), (PREPARED, _prepare)):
            make(unfinished)
            clone = sql.SQL("create database {} template {} strategy file_copy")
            session.execute(clone.format(sql.Identifier(template), sql.Identifier(UNFINISHED)))


def _prepare(url: str) -> None:
    """Make the projections of a migrated database, as whoever reads or drives them first does."""
    with (
        closing(open_log(url, role="orderpath_projector")) as log,
        closing(Session(url, role="orderpath_projector")) as session,
    ):
        ReadModels(session.connection, log).prepare()


@contextmanager
def cloned_database(server_url: str, template: str = TEMPLATE) -> Iterator[str]:
    """Give the URL of a fresh, migrated, empty database; drop it afterwards."""
    name = f"test_{uuid4().hex}"
    _administer(
        server_url,
        sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    try:
        yield database_at(server_url, name)
    finally:
        _administer(
            server_url, sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
        )


def database_at(server_url: str, name: str) -> str:
    """Give the URL of another database of the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def _administer(server_url: str, statement: sql.Composed) -> None:
    with connect(server_url) as session:
        session.execute(statement)


def let_connect(server_url: str, database_url: str, *, allowed: bool) -> None:
    """Let a database go away from everybody who uses it, or come back.

    Who waits for a lock goes first: else it would get what those leave who hold it.
    """
    name = urlsplit(database_url).path.lstrip("/")
    with connect(server_url) as session:
        change = sql.SQL("alter database {} allow_connections {}")
        session.execute(change.format(sql.Identifier(name), sql.Literal(allowed)))
        if not allowed:
            session.execute(
                "select pg_terminate_backend(pid, 10000) from"
                " (select pid from pg_stat_activity where datname = %s"
                " order by (wait_event_type is not distinct from 'Lock') desc) as session",
                (name,),
            )


def hanging_log(url: str) -> AbstractContextManager[Callable[[], bool]]:
    """Let everybody who asks the log wait until the block ends; gives whether somebody does."""
    return hanging(url, "lock table log.events in access exclusive mode")


@contextmanager
def hanging(url: str, lock: str) -> Iterator[Callable[[], bool]]:
    """Take a lock in SQL until the block ends, or the database is gone; gives whether somebody
    waits for it.
    """
    waiting = (
        "select from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    with closing(connect(url)) as owner, closing(connect(url)) as look:
        owner.execute("begin")
        owner.execute(lock)
        try:
            yield lambda: bool(look.execute(waiting).fetchall())
        finally:
            with suppress(psycopg.OperationalError):
                owner.execute("rollback")
