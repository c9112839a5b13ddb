"""Every session logs in as who it is: no role can turn into another, whatever it types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.refusals import InfraError
from infra.embedded import start_embedded, stop_embedded
from infra.logins import OWNER, ROLES, analyst_url, shared_login, without_password
from infra.migrate import migrate
from infra.postgres import connect
from infra.settings import Settings
from services.bootstrap import open_system
from tests.support.command_line import Here, Processes
from tests.support.loads import place, publish

TRIES: Final = 1_000  # A server takes note of its changed file a moment later.
each_role = pytest.mark.parametrize("role", ROLES)


@pytest.fixture
def folder(tmp_path: Path, postgres_server: str) -> Iterator[Path]:
    """A data folder of its own; asks for the session's server to be skipped where none starts."""
    assert postgres_server
    yield tmp_path / "data"
    stop_embedded(tmp_path / "data")


@pytest.fixture
def owner_alone(database_url: str) -> str:
    """The URL of the owner as an administrator gives it who made no other logins."""
    with connect(database_url) as session:
        return with_login(database_url, OWNER, session.info.password)


@pytest.fixture
def shop_login(database_url: str) -> Iterator[str]:
    """The URL of a login that may take the application's roles, and owns nothing."""
    user = f"shop_{uuid4().hex}"
    name = sql.Identifier(user)
    with connect(database_url) as owner:
        owner.execute(sql.SQL("create role {} login password 'secret'").format(name))
        for role in ROLES:
            owner.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), name))
        yield with_login(database_url, user, "secret")
        owner.execute(sql.SQL("drop role {}").format(name))


def with_login(url: str, user: str, password: str) -> str:
    """Give the URL with another login and without the file of passwords."""
    parts = urlsplit(url)
    query = "&".join(word for word in parts.query.split("&") if not word.startswith("passfile"))
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@", query=query))


def who(session: psycopg.Connection[Any]) -> tuple[str, str]:
    row = session.execute("select session_user, current_user").fetchone()
    assert row is not None
    return row[0], row[1]


@each_role
def test_a_role_that_lays_itself_down_stays_who_it_is(database_url: str, role: str) -> None:
    with connect(database_url, role=role) as session:
        for words in ("role none", "session authorization default"):
            session.execute(f"set {words}".encode())
            assert who(session) == (role, role)
        for words in ("role", "session authorization", "all"):
            session.execute(f"reset {words}".encode())
            assert who(session) == (role, role)
        for other in {OWNER, *ROLES} - {role}:
            for way in ("set role {}", "set session authorization {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(sql.SQL(way).format(sql.Identifier(other)))


def test_a_running_orderpath_has_no_session_of_the_owner(database_url: str) -> None:
    with open_system(Settings(database_url=database_url)) as system:
        system.execute(publish())
        assert system.execute(place()).kind == "accepted"
        system.catch_up()
        with system.snapshot() as reader:
            reader.execute("select * from analytics.orders")
        with connect(database_url) as owner:
            rows = owner.execute(
                "select distinct usename from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            ).fetchall()

    assert {name for (name,) in rows} == {
        "orderpath_writer", "orderpath_projector", "orderpath_analyst"
    }  # fmt: skip


def test_what_an_analyst_connects_with_opens_no_other_login(database_url: str) -> None:
    url = analyst_url(database_url)

    with psycopg.connect(url) as session:
        assert who(session) == ("orderpath_analyst", "orderpath_analyst")
    assert "passfile" not in url
    for other in {OWNER, *ROLES} - {"orderpath_analyst"}:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(make_conninfo(url, user=other))


def test_an_analysts_shell_cannot_reconnect_as_somebody_else(
    database_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.sql"
    script.write_text("\\c - postgres\nselect 'inside as ' || current_user;\n")

    said = Processes({"ORDERPATH_DATABASE_URL": database_url}).run("psql", "-f", script)

    assert (said.code, said.out) == (1, "")
    assert "password" in said.err


def test_the_password_of_a_shell_is_no_word_of_its_command_line(database_url: str) -> None:
    url = analyst_url(database_url)
    address, secret = without_password(url)

    password = conninfo_to_dict(url)["password"]
    assert secret == {"PGPASSWORD": password}
    assert str(password) not in address


def test_a_folder_from_before_there_were_passwords_gets_them(folder: Path) -> None:
    url = start_embedded(folder)
    migrate(url)
    with connect(url) as owner:
        owner.execute("create table kept as select 17 as number")
        forget_passwords(owner, folder)
    stop_embedded(folder)

    again = start_embedded(folder)

    assert_asked(again, folder)
    with connect(again) as owner:
        assert owner.execute("select number from kept").fetchall() == [(17,)]


def test_a_server_that_an_older_version_left_running_asks_for_passwords_at_once(
    folder: Path,
) -> None:
    with connect(start_embedded(folder)) as owner:
        forget_passwords(owner, folder)
    assert any(gets_in(folder, OWNER) for _ in range(TRIES))

    assert_asked(start_embedded(folder), folder)


def test_passwords_that_were_half_made_when_somebody_died_are_made_whole(folder: Path) -> None:
    url = start_embedded(folder)
    passwords = folder / "postgres.passwords"
    before = passwords.read_text()
    passwords.rename(folder / "postgres.passwords.new")

    assert start_embedded(folder) == url
    assert passwords.read_text() == before
    assert_asked(url, folder)


def test_lost_passwords_are_made_anew_once_the_server_was_stopped(folder: Path) -> None:
    start_embedded(folder)
    (folder / "postgres.passwords").unlink()

    with pytest.raises(InfraError, match="postgres") as refused:
        start_embedded(folder)
    stop_embedded(folder)

    assert refused.value.code == "login_refused"
    assert_asked(start_embedded(folder), folder)


def test_passwords_that_a_copy_opened_to_others_are_closed_again(folder: Path) -> None:
    url = start_embedded(folder)
    passwords = folder / "postgres.passwords"
    assert passwords.stat().st_mode & 0o777 == 0o600
    passwords.chmod(0o644)

    assert start_embedded(folder) == url
    assert_asked(url, folder)


def test_an_owner_s_url_alone_is_said_to_be_one(owner_alone: str) -> None:
    line = Here({"ORDERPATH_DATABASE_URL": owner_alone})

    status = line.run("status", "--json").json["database"]["shared_login"]
    shell = line.run("psql", "--csv", "-c", "select current_user")
    printed = line.run("psql", "--print-url")

    assert status == {"user": OWNER, "superuser": True, "owner": True}
    assert "all as postgres, a superuser" in line.run("status").out
    assert (shell.code, "logs in as postgres, a superuser" in shell.err) == (0, True)
    with psycopg.connect(printed.out.strip()) as session:
        assert who(session) == (OWNER, "orderpath_analyst")


def test_an_embedded_database_has_nothing_to_warn_of(database_url: str) -> None:
    line = Here({"ORDERPATH_DATABASE_URL": database_url})

    assert line.run("status", "--json").json["database"]["shared_login"] is None
    assert "Warning" not in line.run("psql", "-c", "select 1").err


def test_a_login_that_owns_nothing_runs_a_database_of_this_version(shop_login: str) -> None:
    with open_system(Settings(database_url=shop_login)) as system:
        system.execute(publish())
        assert system.execute(place()).kind == "accepted"
        system.catch_up()
        with system.lend("orderpath_writer") as session:
            session.execute("set role none")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("alter table log.events disable trigger all")

    shared = shared_login(shop_login)
    assert shared is not None
    assert (shared.superuser, shared.owner) == (False, False)


def test_a_role_alone_runs_a_database_of_this_version(database_url: str) -> None:
    url = database_url.replace(f"{OWNER}@", "orderpath_writer@")

    with open_system(Settings(database_url=url)) as system:
        system.execute(publish())
        assert system.execute(place()).kind == "accepted"
        assert system.catch_up() > 0


def test_who_does_not_own_the_database_is_told_who_brings_it_up_to_date(
    shop_login: str, database_url: str
) -> None:
    with connect(database_url) as owner:
        owner.execute("delete from _yoyo_migration where migration_id like '0006%'")

    said = Here({"ORDERPATH_DATABASE_URL": shop_login}).run("status")

    user = str(urlsplit(shop_login).username)
    assert (said.code, "not_the_owner" in said.err, user in said.err) == (3, True, True)


def test_a_role_without_its_password_is_named(database_url: str, tmp_path: Path) -> None:
    empty = tmp_path / "passwords"
    empty.touch(0o600)
    with connect(database_url) as session:
        url = with_login(database_url, OWNER, session.info.password) + f"&passfile={empty}"

    with pytest.raises(InfraError, match="does not let orderpath_writer in") as refused:
        connect(url, role="orderpath_writer")

    assert refused.value.code == "login_refused"


def forget_passwords(owner: psycopg.Connection[Any], folder: Path) -> None:
    """Make a server as one was before there were passwords."""
    (folder / "postgres" / "pg_hba.conf").write_text("local all all trust\n")
    for user in (OWNER, *ROLES):
        owner.execute(sql.SQL("alter role {} password null").format(sql.Identifier(user)))
    owner.execute("select pg_reload_conf()")
    (folder / "postgres.passwords").unlink()


def gets_in(folder: Path, user: str) -> bool:
    """Try to log in without a password."""
    try:
        psycopg.connect(host=str(folder / "postgres"), user=user, dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def assert_asked(url: str, folder: Path) -> None:
    """Every login works with the file of passwords, and none without."""
    for user in (OWNER, *ROLES):
        with connect(url, role=user) as session:
            assert who(session) == (user, user)
        assert any(not gets_in(folder, user) for _ in range(TRIES)), f"{user} gets in"
