"""Bring a database to this version's schema: the SQL files of infra/migrations, in order.

yoyo applies them; PostgreSQL's advisory lock (not yoyo's lock table, which a killed process
would leave behind) keeps two processes apart.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import psycopg
import yoyo
from psycopg.conninfo import conninfo_to_dict
from yoyo.migrations import MigrationList

from domain.refusals import InfraError
from infra.postgres import connect, session_conninfo

PATIENCE_SECONDS: Final = 600.0  # for another process that migrates, or reads what is changed
LOCK: Final = 0x0BDE_4A17  # any number that nobody else uses
_NAME: Final = "orderpath migrate"


def migrate(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> list[str]:
    """Apply what is missing and name it, oldest first. Safe to call at every start.

    Raises: InfraError newer_version if the database was made by a later Orderpath,
            database_busy if somebody else holds it for longer than the patience lasts.
    """
    lock_timeout = f"{patience_seconds * 1_000:.0f}ms"
    try:
        return _migrate(url, lock_timeout)
    except psycopg.errors.LockNotAvailable as error:
        raise InfraError(
            "database_busy",
            f"Another process has held this database for {patience_seconds:g} s, "
            "so its schema could not be brought up to date: wait for it, or end it.",
        ) from error


def _migrate(url: str, lock_timeout: str) -> list[str]:
    with (
        _folder() as folder,
        connect(url, application_name=_NAME, lock_timeout=lock_timeout) as held,
    ):
        held.execute("select pg_advisory_lock(%s)", (LOCK,))
        migrations = yoyo.read_migrations(str(folder))
        backend = yoyo.get_backend(_yoyo_url(url, lock_timeout))
        try:
            backend.break_lock()  # What a killed process left: we hold ours, so nobody is there.
            _refuse_newer(backend.get_applied_migration_hashes(), migrations)
            missing = backend.to_apply(migrations)
            for migration in missing:
                # yoyo's own apply marks in a second transaction: a kill between the two would
                # leave a migration that is there, is not known, and fails for ever.
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration, log=False)
        finally:
            backend.connection.close()
        return [migration.id for migration in missing]


def is_current(url: str) -> bool:
    """Say whether the database needs nothing: one cheap look instead of a whole migration."""
    with _folder() as folder, connect(url, application_name=_NAME) as connection:
        wanted = {path.stem for path in folder.glob("*.sql")}
        try:
            rows = connection.execute("select migration_id from public._yoyo_migration").fetchall()
        except psycopg.errors.UndefinedTable:
            return False
        return {row[0] for row in rows} == wanted


@contextmanager
def _folder() -> Iterator[Path]:
    with as_file(files("infra") / "migrations") as folder:
        yield folder


def _yoyo_url(url: str, lock_timeout: str) -> str:
    """Give yoyo, which opens its session itself, all that our own sessions are opened with."""
    info = session_conninfo(url, application_name=_NAME, lock_timeout=lock_timeout)
    return "postgresql+psycopg:///?" + urlencode(conninfo_to_dict(info))


def _refuse_newer(applied: list[str], migrations: MigrationList) -> None:
    unknown = set(applied) - {migration.hash for migration in migrations}
    if unknown:
        raise InfraError(
            "newer_version",
            f"{len(unknown)} migrations of this database are unknown to this version: "
            "it was made by a later Orderpath. Upgrade, or use another data folder.",
        )
