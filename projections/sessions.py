"""Transactions of projectors: short ones, that never keep a lock while nobody works."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Self

from psycopg import Connection, Cursor, OperationalError, Transaction, errors
from psycopg.abc import Params

from domain.refusals import InfraError
from projections.awake import KEPT_AWAKE
from projections.interface import Tx

# Lends a session; errors that mean "not now" come out of the block as InfraError.
Lend = Callable[[], AbstractContextManager[Connection[Any]]]

_SOMEBODY_ELSE: Final = (
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.SerializationFailure,
)

_BY_KEY: Final = """
    select set_config('search_path', %s, true), set_config('enable_seqscan', 'off', true),
           set_config('enable_bitmapscan', 'off', true),
           set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true)
"""


class Busy(InfraError):
    """Somebody else holds what this transaction needs; the same may be tried again."""


class SessionLost(InfraError):
    """The session ended in the midst of a transaction, as where this process stood still in it, on
    a laptop that was closed; what was done in it may be done again."""


# A process that freezes inside of a transaction loses it, and others go on; one that computes
# there does not.
_SHORT: Final = """
    select set_config('idle_in_transaction_session_timeout', %s, true),
           set_config('lock_timeout', %s, true), set_config('jit', 'off', true),
           set_config('search_path', 'pg_temp', true)
"""
_FLEETING: Final = f"{_SHORT}, set_config('synchronous_commit', 'off', true)"


@contextmanager
def transaction(
    lend: Lend,
    *,
    idle: str = "2s",
    lock: str = "5s",
    snapshot: bool = False,
    durable: bool = True,
) -> Iterator[Tx]:
    """Run a block in one transaction of a lent session.

    snapshot: all of it sees one moment
    durable:  False: a crash of the database may take back what was committed within the last
              second. Whoever applies events then applies them again: the log is durable.
    Raises:   Busy, SessionLost, InfraError
    """
    with lend() as connection:
        try:
            kept = KEPT_AWAKE.keeping(connection)
            with kept, connection.transaction() as own, connection.cursor() as tx:
                if snapshot:
                    tx.execute("set transaction isolation level repeatable read")
                tx.execute(_SHORT if durable else _FLEETING, [idle, lock])
                yield tx
            if own.status is Transaction.Status.FAILED:  # Whoever keeps it awake found it lost.
                raise OperationalError("it was over before its end was told")
        except _SOMEBODY_ELSE as error:
            raise Busy("database_busy", f"Somebody else holds the tables: {error}") from error
        except (OperationalError, errors.IdleInTransactionSessionTimeout) as error:
            # Why it ended a session, the server tells only whom it does not find at writing.
            if error.sqlstate not in (None, errors.IdleInTransactionSessionTimeout.sqlstate):
                raise
            message = f"A session ended, as where we stand still for {idle} in it: {error}"
            raise SessionLost("database_unavailable", " ".join(message.split())) from error


def take_back(tx: Tx, lock: str) -> None:
    """Undo what a transaction within this one has set: how long it waits, that it may be lost."""
    tx.execute("set local synchronous_commit to default")
    tx.execute("select set_config('lock_timeout', %s, true)", [lock])


class BuildCursor(Cursor[Any]):
    """Takes a build's schema with its first statement: most batches say nothing to most builds,
    and what is not asked costs no way to the database and back.

    Not for a block within the transaction that may be rolled back: the schema would be, too.
    """

    def __init__(self, connection: Connection[Any], schema: str) -> None:
        super().__init__(connection)
        self._schema = schema

    def execute(self, query: Any, params: Params | None = None, **how: Any) -> Self:
        """Run a statement on the build's tables."""
        self._take_schema()
        return super().execute(query, params, **how)

    def executemany(self, query: Any, params_seq: Any, **how: Any) -> None:
        """Run a statement once for each set of parameters."""
        self._take_schema()
        super().executemany(query, params_seq, **how)

    def copy(self, statement: Any, params: Params | None = None, **how: Any) -> Any:
        """Copy rows to or from the build's tables."""
        self._take_schema()
        return super().copy(statement, params, **how)

    def _take_schema(self) -> None:
        if schema := self._schema:
            self._schema = ""
            use_schema(self, schema)


def use_schema(tx: Tx, schema: str) -> None:
    """Make the tables of one build those that unqualified names mean.

    What is applied finds its rows by key, however small the planner still thinks a table is.
    """
    tx.execute(_BY_KEY, [f"{schema}, pg_temp"])
