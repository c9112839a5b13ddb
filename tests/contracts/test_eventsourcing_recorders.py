"""The `eventsourcing` library's own test cases, run against our recorders."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import ApplicationRecorder

# The module, not its classes: pytest would collect those as tests of their own.
from eventsourcing.tests import persistence as library

from infra.postgres import Session
from infra.recorder import PostgresRecorder
from infra.snapshots import SnapshotRecorder


class SessionPerThread:
    """A connection for each thread, so that the threads of a test meet in the database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = local()
        self._all: list[Session] = []

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = Session(self._url, role="orderpath_writer")
            self._all.append(session)
        with session.connection() as connection:
            yield connection

    def close(self) -> None:
        for session in self._all:
            session.close()


class OnOurDatabase:
    """What the library's cases need to know of us: string ids, a database for each test."""

    session: SessionPerThread

    @pytest.fixture(autouse=True)
    def _own_session(self, database_url: str) -> Iterator[None]:
        self.session = SessionPerThread(database_url)
        yield
        self.session.close()

    def new_originator_id(self) -> UUID | str:
        return f"order-{uuid4()}"


class TestTheLogIsAnApplicationRecorder(
    OnOurDatabase, library.ApplicationRecorderTestCase[PostgresRecorder]
):
    def create_recorder(self) -> PostgresRecorder:
        return PostgresRecorder(self.session, self.session)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNotificationIdsOfOneAppendDoNotInterleave(
    OnOurDatabase, library.NonInterleavingNotificationIDsBaseCase
):
    def create_recorder(self) -> ApplicationRecorder:
        return PostgresRecorder(self.session, self.session)


class TestSnapshotsAreAnAggregateRecorder(OnOurDatabase, library.AggregateRecorderTestCase):
    def create_recorder(self) -> SnapshotRecorder:
        return SnapshotRecorder(self.session)
