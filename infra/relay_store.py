"""Which relay leads, and how far it has published: table ops.relay and an advisory lock.

The session that holds the lock also saves the positions: who has lost it can save no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg

from domain.reading import Head
from domain.refusals import InfraError
from infra.postgres import connect, translated_errors

LOCK: Final = 5_207_161  # advisory lock of the relay that leads, in this database
LONGEST_SILENCE: Final = "10s"  # of a leader that works: it looks once a second

_POSITIONS: Final[LiteralString] = """
    select r.lane, r.position, (r.log_id, r.epoch) = (h.log_id, h.epoch)
        and r.position <= coalesce((select max(e.position) from log.events e), 0)
    from ops.relay r cross join log.head h
"""
_MOVE: Final[LiteralString] = """
    insert into ops.relay (lane, log_id, epoch, position)
    select %s, h.log_id, h.epoch, %s from log.head h
    on conflict (lane) do update
    set position = greatest(relay.position, excluded.position),
        moved_at = case when relay.position < excluded.position then clock_timestamp()
            else relay.moved_at end
    where (relay.log_id, relay.epoch) = (excluded.log_id, excluded.epoch)
    returning 1
"""
_ACCEPT: Final[LiteralString] = """
    update ops.relay r set log_id = h.log_id, epoch = h.epoch,
        position = case when r.log_id <> h.log_id then 0
            else least(r.position, coalesce((select max(e.position) from log.events e), 0)) end
    from log.head h where (r.log_id, r.epoch) <> (h.log_id, h.epoch)
"""
_BEGIN_ANEW: Final[LiteralString] = """
    update ops.relay r set log_id = h.log_id, epoch = h.epoch, position = 0
    from log.head h where r.lane = %s
"""


@dataclass(frozen=True, slots=True)
class LanePosition:
    """How far a lane has published."""

    lane: str
    position: int
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class RelayState:
    """What anybody may know of the relay."""

    leads: bool  # some relay is alive and leads
    lanes: tuple[LanePosition, ...]  # by name


class PostgresRelayStore:
    """Implements domain.streaming.RelayStore. Threads may share one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: psycopg.Connection[Any] | None = None  # of the leader

    @contextmanager
    def lead(self) -> Iterator[bool]:
        """Be the one relay of this log until the block ends; False: another one is.

        A leader that asks nothing for LONGEST_SILENCE leads no longer.

        Raises: InfraError database_unavailable
        """
        session = connect(
            self._url,
            role="orderpath_projector",
            application_name="orderpath relay leader",
            # A move that a crash of the database takes back costs repeats. Waiting for each would
            # cost every event some milliseconds.
            synchronous_commit="off",
            # Of a leader whose machine is gone the server hears nothing: so it asks.
            tcp_keepalives_idle="2",
            tcp_keepalives_interval="1",
            tcp_keepalives_count="2",
            # One that is frozen keeps its connection and asks nothing: nobody shall wait for it.
            idle_session_timeout=LONGEST_SILENCE,
            idle_in_transaction_session_timeout=LONGEST_SILENCE,
        )
        with session:
            with translated_errors():
                row = session.execute("select pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            leads = row is not None and bool(row[0])
            self._session = session if leads else None
            try:
                yield leads
            finally:
                self._session = None
                with suppress(psycopg.Error):  # The lock goes with the session, only later.
                    session.execute("select pg_advisory_unlock_all()")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every relay away until the block ends, to change what it goes on from.

        Raises: InfraError relay_leads
        """
        with self.lead() as leads:
            if not leads:
                raise InfraError("relay_leads", "A relay leads: end it, and start it again after.")
            yield

    def positions(self) -> Mapping[str, int]:
        """Give how far each lane has published, by name; what has no row is at 0.

        Raises: InfraError not_leading, log_replaced
        """
        with translated_errors():
            rows = self._leader().execute(_POSITIONS).fetchall()
        for lane, _, same in rows:
            if not same:
                raise _log_replaced(lane)
        return {lane: position for lane, position, _ in rows}

    def end(self) -> int:
        """Give the position of the last event of the log, 0: it has none.

        Raises: InfraError not_leading
        """
        with translated_errors():
            row = self._leader().execute("select max(position) from log.events").fetchone()
        return (row and row[0]) or 0

    def move(self, lane: str, position: int) -> None:
        """Save how far a lane has published. Twice is nothing, back is never.

        Raises: InfraError not_leading, log_replaced
        """
        with translated_errors():
            moved = self._leader().execute(_MOVE, [lane, position]).fetchone()
        if moved is None:
            raise _log_replaced(lane)

    def accept_log(self) -> None:
        """Go on in a log that was restored, behind what it had published by then.

        Of another log nothing was published yet.
        """
        self._keep(_ACCEPT, [])

    def begin_anew(self, lane: str) -> None:
        """Let a lane publish the log from its first event again."""
        self._keep(_BEGIN_ANEW, [lane])

    def _keep(self, statement: LiteralString, parameters: Sequence[str]) -> None:
        """Change what a crash must not take back."""
        with translated_errors(), self._leader().transaction():
            self._leader().execute("set local synchronous_commit = on")
            self._leader().execute(statement, parameters)

    def _leader(self) -> psycopg.Connection[Any]:
        session = self._session
        if session is None or session.closed:
            raise InfraError("not_leading", "This relay leads no longer: its session is gone.")
        return session


def published(connection: psycopg.Connection[Any], lane: str) -> Head | None:
    """Say up to where a lane is on the broker, and of which log; None: it never began."""
    row = connection.execute(
        "select log_id, epoch, position from ops.relay where lane = %s", [lane]
    ).fetchone()
    return None if row is None else Head(*row)


def relay_state(connection: psycopg.Connection[Any]) -> RelayState:
    """Look at the relay from outside."""
    leads = connection.execute(
        "select exists (select from pg_locks l join pg_database d on d.oid = l.database"
        " where l.locktype = 'advisory' and l.granted and d.datname = current_database()"
        " and (l.classid::bigint << 32) + l.objid::bigint = %s and l.objsubid = 1)",
        [LOCK],
    ).fetchone()
    rows = connection.execute("select lane, position, moved_at from ops.relay order by lane")
    return RelayState(bool(leads and leads[0]), tuple(LanePosition(*row) for row in rows))


def _log_replaced(lane: str) -> InfraError:
    return InfraError(
        "log_replaced",
        f"Lane {lane} of the relay has published another log than this one, or this one was "
        "restored. Readers of the public topics may hold what this log does not: tell them to "
        "begin anew. If it was restored, say `orderpath log restored`; then say `orderpath relay "
        "accept-log` and start the relay again.",
    )
