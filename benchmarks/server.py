"""A PostgreSQL of our own in a temporary folder, set up as in production (fsync on)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra.embedded import SERVER_SETTINGS, start_embedded, stop_embedded
from infra.postgres import connect

CONNECTIONS: Final = {"max_connections": "400"}  # pgbench opens one per client


@contextmanager
def bench_server() -> Iterator[str]:
    """Give the URL of a server that ends with the block."""
    if any(SERVER_SETTINGS[name] != "on" for name in ("fsync", "synchronous_commit")):
        raise RuntimeError("the production settings must not forget")
    folder = Path(mkdtemp(prefix="orderpath-bench-"))
    try:
        yield start_embedded(folder, settings=CONNECTIONS)
    finally:
        stop_embedded(folder)
        shutil.rmtree(folder, ignore_errors=True)


def create(server_url: str, name: str, template: str = "template1") -> str:
    """Make a database, in place of an older one, as a copy of another; give its URL."""
    with connect(make_url(server_url, "postgres")) as session:
        for statement in (
            "drop database if exists {0} with (force)",
            "create database {0} template {1} strategy file_copy",
        ):
            session.execute(
                sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template))
            )
    return make_url(server_url, name)


def drop(server_url: str, name: str) -> None:
    """Remove a database."""
    with connect(make_url(server_url, "postgres")) as session:
        session.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


def analyse(url: str) -> None:
    """Give the planner the statistics that a database in use has."""
    with connect(url) as session:
        session.execute("vacuum analyze")


def make_url(server_url: str, name: str) -> str:
    """Give the URL of another database of the same server."""
    head, _, tail = server_url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{tail}"


def library_environment(url: str) -> dict[str, str]:
    """Give the settings of the eventsourcing library for a database: its defaults, our server."""
    parts = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": "none",
    }
