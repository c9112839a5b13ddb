"""Who logs in to the database as whom: the passwords of the embedded server, an analyst's URL.

Called by infra.embedded and services.bootstrap. Why so: docs/adr/0011-logins.md.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.postgres import connect, roles_log_in

ANALYST: Final = "orderpath_analyst"
OWNER: Final = "postgres"
ROLES: Final = (
    "orderpath_writer",
    "orderpath_projector",
    ANALYST,
    "orderpath_auditor",
)
PASSWORD_BYTES: Final = 24

# Before there are passwords. The socket's folder lets nobody in but the user who owns the data.
TRUSTING: Final = f"local all {OWNER} trust\n"
# From then on. The server listens to no network; whoever lets it listen is asked as well.
ASKING: Final = """\
local all all scram-sha-256
local replication all scram-sha-256
host all all samehost scram-sha-256
"""


def draw_passwords(path: Path) -> None:
    """Write a file with a new password for every login, for its owner's eyes only."""
    lines = (f"*:*:*:{user}:{secrets.token_urlsafe(PASSWORD_BYTES)}\n" for user in (OWNER, *ROLES))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, "".join(lines).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_passwords(session: psycopg.Connection[Any], path: Path) -> None:
    """Make the passwords of the file those of the server. What its roles may do, migrations say."""
    logins = dict(line.split(":")[3:] for line in path.read_text().splitlines())
    known = {name for (name,) in session.execute("select rolname from pg_roles").fetchall()}
    session.execute("set scram_iterations = 1")  # Nobody guesses 24 bytes: more only costs time.
    for user, password in logins.items():
        verb = "alter" if user in known else "create"
        statement = sql.SQL(f"{verb} role {{}} login password {{}}")
        session.execute(statement.format(sql.Identifier(user), sql.Literal(password)))


@dataclass(frozen=True, slots=True)
class SharedLogin:
    """The user that logs in for all roles, and so can lay each of them down."""

    user: str
    superuser: bool
    owner: bool  # of the log


def shared_login(url: str) -> SharedLogin | None:
    """Give the one login of a migrated database; None if each role logs in for itself."""
    if roles_log_in(url):
        return None
    with connect(url) as session:
        row = session.execute(
            "select r.rolname, r.rolsuper, pg_has_role(r.oid, n.nspowner, 'member')"
            " from pg_roles r, pg_namespace n"
            " where r.rolname = session_user and n.nspname = 'log'"
        ).fetchone()
    assert row is not None
    return SharedLogin(*row)


def analyst_url(url: str) -> str:
    """Give what an analyst's tool connects with: nothing in it opens another role.

    Where roles do not log in for themselves, the given user takes the role and could lay it down.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    login, at, host = parts.netloc.rpartition("@")
    if roles_log_in(url):
        with connect(url, role=ANALYST) as session:
            password = session.info.password
        login, at = f"{ANALYST}:{quote(password, safe='')}" if password else ANALYST, "@"
        del query["passfile"]
    else:
        given = query.get("options", "")
        query["options"] = f"{given} -c role={ANALYST} -c default_transaction_read_only=on".lstrip()
    words = urlencode(query, safe="/", quote_via=quote)
    return urlunsplit(parts._replace(netloc=f"{login}{at}{host}", query=words))


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Give a program's argument, and the environment that holds the password: everybody on the
    machine can read the words of a command line."""
    info = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    password = info.pop("password", "")
    return make_conninfo(**info), {"PGPASSWORD": password} if password else {}
