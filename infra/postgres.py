"""Connections to PostgreSQL, and which of its errors mean "not now" instead of "wrong".

Every session of Orderpath is opened here, or with what session_conninfo gives: by yoyo and psql.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from threading import Lock
from typing import Any, Final, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from domain.errands import ERRAND
from domain.refusals import InfraError
from infra.awake import KEPT_AWAKE

COMPUTING: Final = "orderpath_projector"  # the role in whose transactions we compute
BREAK_OFF_SECONDS: Final = 5.0  # that PostgreSQL has to take a request to cancel a statement

# A server that vanishes without a word is noticed within a minute, not after two hours. Whoever
# gives other values in the URL gets them; local sockets ignore all but the first.
_DEFAULTS: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,  # milliseconds
}

_CREATE_DATABASE: Final = sql.SQL(
    "create database {} template template0 encoding 'UTF8'"
    " locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
)

# Beginnings of SQLSTATE codes: five characters are one condition, fewer are a class of them.
_UNAVAILABLE: Final = (
    "08",  # connection exception
    "25006",  # read-only: the server became a standby
    "25P03",  # idle in transaction for too long
    "25P04",  # transaction timeout
    "53",  # too many connections, out of memory, limits of the configuration
    "55P03",  # lock timeout
    "57014",  # statement timeout, or cancelled
    "57P",  # shut down, crashed, starting up, database dropped, idle session
    "58",  # input or output error
)
_DISK_FULL: Final = "53100"
# Of a connection that was not made there is no code, only libpq's words.
_LOGIN_REFUSED: Final = ("password authentication failed", "no password supplied")


def connect(
    url: str,
    *,
    role: str | None = None,
    autocommit: bool = True,
    application_name: str = "orderpath",
    **settings: str,
) -> psycopg.Connection[TupleRow]:
    """Open a session in UTC as `role`, with server settings by name.

    settings: any setting of PostgreSQL with its unit: statement_timeout="30s", lock_timeout="200ms"
    Raises:   InfraError database_unavailable, login_refused
    """
    # Questions name views without a schema: which ones they get, the reading transaction chooses.
    chosen = {"search_path": "analytics"} if role is not None else {}
    info = session_conninfo(
        url, role=role, application_name=application_name, **{**chosen, **settings}
    )
    try:
        return psycopg.connect(info, autocommit=autocommit)
    except psycopg.OperationalError as error:
        if any(words in str(error) for words in _LOGIN_REFUSED):
            user = conninfo_to_dict(info).get("user", "this user")
            message = f"PostgreSQL does not let {user} in: {_one_line(error)}"
            raise InfraError("login_refused", message) from error
        raise infra_error(error) or error from error


def roles_log_in(url: str) -> bool:
    """Say whether each role logs in for itself: then the URL names a file of passwords.

    Otherwise its user logs in for all of them, takes the role, and could lay it down again.
    """
    return "passfile" in conninfo_to_dict(url)


class Lender(Protocol):
    """A Session, or one connection that is held in a transaction."""

    def connection(self) -> AbstractContextManager[psycopg.Connection[Any]]: ...
    def close(self) -> None: ...


class Session:
    """One connection that threads take in turns, opened at first use and again after it broke."""

    def __init__(
        self,
        url: str,
        *,
        role: str | None = None,
        name: str = "orderpath",
        prepares: bool = True,  # psycopg prepares what is executed often
    ) -> None:
        self._open = partial(connect, url, role=role, application_name=name)
        self._prepares = prepares
        self._kept = KEPT_AWAKE.keeping if role == COMPUTING else nullcontext
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._turn = Lock()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """Lend the connection; what says "not now" comes out as InfraError.

        What runs on it for an errand is cancelled in the database when that is called off.
        """
        errand = ERRAND.get()
        with self._turn:
            if self._connection is None or not _stands(self._connection):
                self._connection = self._open()
                if not self._prepares:
                    self._connection.prepare_threshold = None
            lent = self._connection
            asking = nullcontext() if errand is None else errand.asking(partial(_break_off, lent))
            with translated_errors(), asking, self._kept(lent):
                yield lent

    def close(self) -> None:
        """Close the connection once nobody uses it."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _break_off(connection: psycopg.Connection[TupleRow]) -> None:
    """Cancel what runs on a connection, from another thread. Raises: InfraError"""
    with translated_errors():
        connection.cancel_safe(timeout=BREAK_OFF_SECONDS)


def _stands(connection: psycopg.Connection[TupleRow]) -> bool:
    """Whether the server still holds a session: it may have ended it while nobody asked."""
    try:
        connection.pgconn.consume_input()  # what it said last,
        connection.pgconn.consume_input()  # then that it hung up
    except psycopg.OperationalError:
        return False
    return not connection.closed


@contextmanager
def translated_errors() -> Iterator[None]:
    """Let what says "not now" come out as InfraError."""
    try:
        yield
    except psycopg.Error as error:
        translated = infra_error(error)
        if translated is None:
            raise
        raise translated from error


def session_conninfo(
    url: str, *, role: str | None = None, application_name: str = "orderpath", **settings: str
) -> str:
    """Give what `connect` connects with, for pools and for programs such as psql."""
    given = conninfo_to_dict(url)
    chosen = {"timezone": "UTC"}
    if role is not None and roles_log_in(url):
        given |= {"user": role, "password": None}
    elif role is not None:
        chosen["role"] = role
    chosen |= settings
    options = [str(given.pop("options", "")), *(_option(*item) for item in chosen.items())]
    return make_conninfo(
        **_DEFAULTS | given,
        application_name=application_name,
        options=" ".join(filter(None, options)),
    )


def ensure_database(url: str) -> None:
    """Create the database that the URL names, if it is missing; it sorts by bytes, as Python does,
    whatever its server does. Safe when several do so at once.
    """
    name = str(conninfo_to_dict(url)["dbname"])
    with connect(make_conninfo(url, dbname="postgres")) as session:
        found = session.execute("select 1 from pg_database where datname = %s", (name,))
        if found.fetchone():
            return
        try:
            session.execute(_CREATE_DATABASE.format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # Somebody else was faster, which is as good.


def infra_error(error: psycopg.Error) -> InfraError | None:
    """Translate an error that says nothing about the command, only about the server.

    None means: this error is a fault of the caller or an answer of the database, treat it there.
    """
    state = error.sqlstate
    reason = _one_line(error)
    if state == _DISK_FULL:
        return InfraError("database_full", f"PostgreSQL has no room left on its disk: {reason}")
    if state is not None:
        if not state.startswith(_UNAVAILABLE):
            return None
    elif not isinstance(error, psycopg.OperationalError):  # The connection was lost or never made.
        return None
    return InfraError("database_unavailable", f"PostgreSQL does not answer: {reason}")


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())


def _option(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace(" ", "\\ ")
    return f"-c {name}={escaped}"
