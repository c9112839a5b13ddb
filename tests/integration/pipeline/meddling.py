"""A log into which a test reaches in mid-batch, and a session that loses answers."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from socket import socketpair
from threading import Event, Thread
from typing import Any, cast
from uuid import UUID

import psycopg

from domain.batch import Answer, Append, Appended, Log, StoredOutcome
from domain.facts import PathKey
from domain.messages import Happened
from domain.paths.path import OrderPath
from infra.event_log import EventLog
from infra.postgres import Session
from infra.recorder import PostgresRecorder
from infra.vault import Vault
from tests.support.processes import ROOM_SECONDS


class MeddlingLog:
    """Calls `meddle` once for each batch, after it was decided and before it is appended."""

    def __init__(self, log: Log, meddle: Callable[[Sequence[Answer]], None] | None = None) -> None:
        self._log = log
        self.meddle = meddle
        self.batches: list[list[UUID]] = []
        self.before_lock: Callable[[], None] = lambda: None
        self.times_locked = 0
        self.fail_next: dict[str, Exception] = {}  # by method

    @contextmanager
    def locked(self) -> Iterator[Log]:
        """Nobody meddles while the head is held: they would wait for it."""
        self.before_lock()
        self.times_locked += 1
        with self._log.locked() as held:
            yield held
            self._fail("commit")

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        self._fail("load")
        return self._log.load(versions)

    def load_states(self, streams: Collection[str]) -> Mapping[str, Any]:
        self._fail("load_states")
        return self._log.load_states(streams)

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]:
        self._fail("load_paths")
        return self._log.load_paths(keys)

    def load_outcomes(self, ids: Sequence[UUID]) -> Mapping[UUID, StoredOutcome]:
        self._fail("load_outcomes")
        return self._log.load_outcomes(ids)

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> Append:
        self.batches.append([answer.command.command_id for answer in answers])

        def appended() -> Appended:
            if self.meddle is not None:
                self.meddle(answers)
            self._fail("append")
            return self._log.append(answers, versions).result()

        return SlowAppend(appended)

    def holds_keys(self, subjects: Sequence[str]) -> bool:
        return self._log.holds_keys(subjects)

    def newly_erased(self) -> Collection[str]:
        return self._log.newly_erased()

    @property
    def erasures(self) -> int:
        return self._log.erasures

    def keep_states(self, states: Mapping[str, Any], erasures: int) -> None:
        self._fail("keep_states")
        self._log.keep_states(states, erasures)

    def close(self) -> None:
        self._log.close()

    def _fail(self, method: str) -> None:
        if error := self.fail_next.pop(method, None):
            raise error


class SlowAppend:
    """An append that a test holds up: its sender goes on meanwhile, as behind a slow server."""

    def __init__(self, append: Callable[[], Appended]) -> None:
        self._ear, self._mouth = socketpair()
        self._answer: Future[Appended] = Future()
        self._append = append
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer.set_result(self._append())
        except Exception as error:  # noqa: BLE001 - raised where the answer is wanted
            self._answer.set_exception(error)
        with self._mouth:
            self._mouth.send(b"!")

    def fileno(self) -> int:
        return self._ear.fileno()

    def done(self) -> bool:
        return self._answer.done()

    def result(self) -> Appended:
        self._thread.join()
        self._ear.close()
        return self._answer.result()


class Gate:
    """Stops the pipeline before its next append, until it is opened."""

    def __init__(self) -> None:
        self._reached = Event()
        self._opened = Event()

    def __call__(self, _answers: Sequence[Answer]) -> None:
        self._reached.set()
        assert self._opened.wait(ROOM_SECONDS)

    def wait(self) -> None:
        assert self._reached.wait(ROOM_SECONDS)

    def open(self) -> None:
        self._opened.set()


class LosingSession(Session):
    """Loses the connection once, before or after the server did what it was told."""

    # ("before" | "after", "append" | "commit" | a part of a statement)
    lose: tuple[str, str] | None = None
    _lent: "_Losing | None" = None

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        with super().connection() as connection:
            if self._lent is None or self._lent.connection is not connection:
                self._lent = _Losing(connection, self)
            yield cast(psycopg.Connection[Any], self._lent)


class _Losing:
    def __init__(self, connection: psycopg.Connection[Any], session: LosingSession) -> None:
        self.connection = connection
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, query: str, parameters: Any = None) -> Any:
        when, part = self._session.lose or ("", "append")
        if part not in query:
            return self.connection.execute(query, parameters)
        self._session.lose = None
        if when == "after":
            self.connection.execute(query, parameters)
        raise cut(self.connection)

    @property
    def pgconn(self) -> Any:
        return _LosingWire(self.connection, self._session)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.connection.transaction():
            yield
            if self._session.lose == ("before", "commit"):
                self._session.lose = None
                raise cut(self.connection)
        if self._session.lose == ("after", "commit"):
            self._session.lose = None
            raise cut(self.connection)


class _LosingWire:
    """What an append is sent with, cut before the server has it or before its answer is here."""

    def __init__(self, connection: psycopg.Connection[Any], session: LosingSession) -> None:
        self._connection = connection
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection.pgconn, name)

    def send_query_prepared(self, name: bytes, parameters: Sequence[bytes]) -> None:
        if self._lost("before"):
            raise cut(self._connection)
        self._connection.pgconn.send_query_prepared(name, parameters)

    def get_result(self) -> Any:
        result = self._connection.pgconn.get_result()
        if result is None and self._lost("after"):
            raise cut(self._connection)
        return result

    def _lost(self, when: str) -> bool:
        if self._session.lose != (when, "append"):
            return False
        self._session.lose = None
        return True


def cut(connection: psycopg.Connection[Any]) -> psycopg.OperationalError:
    connection.close()
    return psycopg.OperationalError("the connection is lost")


def losing_log(url: str) -> tuple[EventLog, LosingSession]:
    session = LosingSession(url, role="orderpath_writer", prepares=False)
    reader = Session(url, role="orderpath_writer")
    return EventLog(PostgresRecorder(reader, session), Vault(url)), session
