"""Transactions of projectors: short ones, that never keep a lock while nobody works."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from psycopg import Connection, sql

from projections.interface import Tx

# Lends a session; errors that mean "not now" come out of the block as InfraError.
Lend = Callable[[], AbstractContextManager[Connection[Any]]]

# A process that freezes inside of a transaction loses it, and others go on.
_SHORT = """
    select set_config('idle_in_transaction_session_timeout', %s, true),
           set_config('lock_timeout', %s, true), set_config('jit', 'off', true),
           set_config('search_path', 'pg_temp', true)
"""


@contextmanager
def transaction(
    lend: Lend, *, idle: str = "2s", lock: str = "5s", isolation: sql.SQL | None = None
) -> Iterator[Tx]:
    """Run a block in one transaction of a lent session."""
    with lend() as connection, connection.transaction(), connection.cursor() as tx:
        if isolation is not None:
            tx.execute(sql.SQL("set transaction isolation level ") + isolation)
        tx.execute(_SHORT, [idle, lock])
        yield tx


def use_schema(tx: Tx, schema: str) -> None:
    """Make the tables of one build those that unqualified names mean."""
    tx.execute("select set_config('search_path', %s, true)", [f"{schema}, pg_temp"])
