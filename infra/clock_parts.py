"""Which clock works on which orders: row locks of table ops.clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg

from infra.postgres import Session

# A clock that freezes loses its part, and another one goes on with it.
_IDLE: Final = "set local idle_in_transaction_session_timeout = '5s'"
_TAKE: Final[LiteralString] = "select from ops.clock where part = %s for update skip locked"


class PostgresClockParts:
    """Implements services.clock.Parts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: psycopg.Connection[Any] | None = None

    @contextmanager
    def take(self, part: int) -> Iterator[bool]:
        """Hold a part until the block ends; False: another clock does. Raises: InfraError"""
        with self._session.connection() as session, session.transaction():
            session.execute(_IDLE)
            taken = session.execute(_TAKE, [part]).rowcount == 1
            self._held = session if taken else None
            try:
                yield taken
            finally:
                self._held = None

    def keep(self) -> None:
        """Show that the part is still worked on. Raises: InfraError if it is lost"""
        assert self._held is not None
        self._held.execute("select 1")
