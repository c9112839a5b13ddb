"""One call of log.append that does not wait: sent now, landed when the answer has come.

libpq itself sends and receives, because a cursor of psycopg waits for its answer. Meanwhile the
sender decides what comes next; a second thread for the waiting would cost more than it waits.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from select import POLLIN, POLLOUT, poll
from typing import Any, Final, NamedTuple
from weakref import WeakSet

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result
from pydantic_core import from_json, to_json

from infra.postgres import Lender

_NAME: Final = b"append"
_APPEND: Final = b"select to_json(a) from log.append_knowing($1, $2, $3, $4, $5, $6, $7, $8, $9) a"

# Connections on which the statement is prepared.
_prepared: "WeakSet[psycopg.Connection[Any]]" = WeakSet()


@dataclass(frozen=True, slots=True)
class AppendRows:
    """The parameters of log.append_knowing, as its comment and that of log.append describe them."""

    commands: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]]
    streams: Sequence[tuple[str, int]] = ()
    reads: Sequence[tuple[int, int, bool]] = ()
    keys: Sequence[dict[str, Any]] = ()
    definitions: Sequence[dict[str, Any]] = ()
    erasing: Sequence[dict[str, Any]] = ()
    seen: int | None = None  # erasures that are known; None: as many as there are

    def parameters(self) -> list[bytes | None]:
        """Give them as text. JSON, because psycopg turns lists into arrays six times slower."""
        ids = "{" + ",".join(command["command_id"].hex for command in self.commands) + "}"
        parts = (self.streams, self.reads, self.commands, self.events, self.keys, self.definitions)
        seen = None if self.seen is None else str(self.seen).encode()
        return [seen, to_json(self.erasing), ids.encode(), *map(to_json, parts)]


class AppendRow(NamedTuple):
    """What log.append answers. Numbers count streams and commands from 0."""

    after: int
    at: datetime
    moved: list[int]
    known: list[int]
    set_back: list[int]
    erasures: int  # there are so many by now
    stale: bool  # more than were known: nothing was written


class AppendCall:
    """A call on its way. Its connection is nobody else's until it has landed."""

    def __init__(self, lender: Lender, rows: AppendRows) -> None:
        self._steps = _call(lender, rows.parameters())
        self._answer: AppendRow | Exception | None = None
        self._socket = -1
        self.done()

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when a part of the answer has come."""
        return self._socket

    def done(self) -> bool:
        """Take in what has come without waiting; say whether the answer is complete."""
        if self._answer is None:
            try:
                self._socket = next(self._steps)
            except StopIteration as end:
                self._answer = end.value
            except Exception as error:  # noqa: BLE001 - raised where the answer is wanted
                self._answer = error
        return self._answer is not None

    def result(self) -> AppendRow:
        """Wait for the answer. Raises: psycopg.Error of the statement, InfraError"""
        while not self.done():
            _wait(self._socket, POLLIN)
        if isinstance(self._answer, Exception):
            raise self._answer
        assert self._answer is not None
        return self._answer


def _call(lender: Lender, parameters: list[bytes | None]) -> Generator[int, None, AppendRow]:
    """Send, then give the socket whenever there is nothing to do but wait for it."""
    with lender.connection() as connection:
        pgconn = connection.pgconn
        if _prepare(connection):
            pgconn.send_query_prepared(_NAME, parameters)
        else:
            pgconn.send_query_params(_APPEND, parameters)
        while pgconn.flush():
            _wait(pgconn.socket, POLLOUT)
        try:
            answer = None
            while True:
                while pgconn.is_busy():
                    yield pgconn.socket
                    pgconn.consume_input()
                result = pgconn.get_result()
                if result is None:  # The end: the connection is free again.
                    break
                answer = result
        except GeneratorExit:
            connection.close()  # Nobody will read what is still to come.
            raise
        body = _checked(connection, answer).get_value(0, 0)
    assert body is not None
    found = from_json(body)
    return AppendRow(**found | {"at": datetime.fromisoformat(found["at"])})


def _prepare(connection: psycopg.Connection[Any]) -> bool:
    """Prepare the statement, unless psycopg prepares too: its first rollback drops them all."""
    if connection.prepare_threshold is not None:
        return False
    if connection not in _prepared:
        _checked(connection, connection.pgconn.prepare(_NAME, _APPEND))
        _prepared.add(connection)
    return True


def _checked(
    connection: psycopg.Connection[Any], result: pq.abc.PGresult | None
) -> pq.abc.PGresult:
    if result is not None and result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        return result
    if result is None or connection.closed:
        raise psycopg.OperationalError(connection.pgconn.get_error_message())
    raise error_from_result(result)


def _wait(socket: int, event: int) -> None:
    poller = poll()
    poller.register(socket, event)
    poller.poll()
