"""A log into which a test reaches in mid-batch, and a session that loses answers."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any, cast
from uuid import UUID

import psycopg

from domain.batch import Answer, Appended, Log, StoredOutcome
from domain.facts import PathKey
from domain.messages import Happened
from domain.paths.path import OrderPath
from infra.event_log import EventLog
from infra.postgres import Session
from infra.recorder import PostgresRecorder
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

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> Appended:
        self.batches.append([answer.command.command_id for answer in answers])
        if self.meddle is not None:
            self.meddle(answers)
        self._fail("append")
        return self._log.append(answers, versions)

    def keep_states(self, states: Mapping[str, Any]) -> None:
        self._fail("keep_states")
        self._log.keep_states(states)

    def close(self) -> None:
        self._log.close()

    def _fail(self, method: str) -> None:
        if error := self.fail_next.pop(method, None):
            raise error


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

    lose: tuple[str, str] | None = None  # ("before" | "after", a part of the statement)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        with super().connection() as connection:
            yield cast(psycopg.Connection[Any], _Losing(connection, self))


class _Losing:
    def __init__(self, connection: psycopg.Connection[Any], session: LosingSession) -> None:
        self._connection = connection
        self._session = session

    def execute(self, query: str, parameters: Any = None) -> Any:
        when, part = self._session.lose or ("", "")
        if not part or part not in query:
            return self._connection.execute(query, parameters)
        self._session.lose = None
        if when == "after":
            self._connection.execute(query, parameters)
        self._cut()
        raise AssertionError("cut")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._connection.transaction():
            yield
            if self._session.lose == ("before", "commit"):
                self._session.lose = None
                self._cut()
        if self._session.lose == ("after", "commit"):
            self._session.lose = None
            self._cut()

    def _cut(self) -> None:
        self._connection.close()
        raise psycopg.OperationalError("the connection is lost")


def losing_log(url: str) -> tuple[EventLog, LosingSession]:
    session = LosingSession(url, role="orderpath_writer")
    return EventLog(PostgresRecorder(session)), session
