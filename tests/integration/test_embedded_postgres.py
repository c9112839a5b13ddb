"""The embedded server: shared by processes, stopped by the last, indifferent to kill -9."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from domain.refusals import InfraError
from infra.embedded import embedded_url, postgres_binary, start_embedded, stop_embedded
from infra.postgres import connect, ensure_database
from infra.settings import Settings
from services.bootstrap import open_system
from tests.support.examples import COMMANDS
from tests.support.postgres import database_at

# Starts the server, says where it is, and holds it until its stdin is closed.
HOLDER = """
import sys
from pathlib import Path
from infra.embedded import start_embedded
from infra.log import configure_logging
configure_logging("warning", "json")
print(start_embedded(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
ROOM_SECONDS = 60
SOMEBODY = 4_242  # a user's number that is neither root's nor the server's

Holder = subprocess.Popen[str]


@pytest.fixture
def folder(tmp_path: Path, postgres_server: str) -> Iterator[Path]:
    """A data folder of its own; asks for the session's server to be skipped where none starts."""
    assert postgres_server
    data_dir = tmp_path / "data"
    yield data_dir
    stop_embedded(data_dir)


@contextmanager
def holders(folder: Path, count: int) -> Iterator[list[Holder]]:
    command = [sys.executable, "-c", HOLDER, str(folder)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for holder in started:
            if holder.poll() is None:
                leave(holder)
            for pipe in (holder.stdin, holder.stdout):
                if pipe:
                    pipe.close()


def url_of(holder: Holder) -> str:
    assert holder.stdout
    return holder.stdout.readline().strip()


def leave(holder: Holder) -> None:
    assert holder.stdin
    holder.stdin.close()
    assert holder.wait(ROOM_SECONDS) == 0


def kill(holder: Holder) -> None:
    holder.kill()
    holder.wait(ROOM_SECONDS)


def server_pid(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    with holders(folder, 4) as started:
        urls = {url_of(holder) for holder in started}

        assert len(urls) == 1
        with connect(urls.pop()) as session:
            row = session.execute("select current_database(), current_setting('fsync')").fetchone()
    assert row == ("orderpath", "on")


def test_the_last_to_leave_stops_the_server_and_nobody_before(folder: Path) -> None:
    with holders(folder, 2) as (first, last):
        url = url_of(first)
        assert url_of(last) == url

        leave(first)
        with connect(url) as session:
            session.execute("select 1")

        leave(last)
        assert embedded_url(folder) is None
        with pytest.raises(InfraError):
            connect(url)


def test_a_killed_holder_does_not_keep_the_server_running(folder: Path) -> None:
    with holders(folder, 2) as (killed, last):
        assert url_of(killed) == url_of(last)

        kill(killed)
        leave(last)

        assert embedded_url(folder) is None


def test_after_the_only_holder_was_killed_the_next_takes_the_server_over(folder: Path) -> None:
    with holders(folder, 1) as (killed,):
        url = url_of(killed)
        pid = server_pid(folder)
        kill(killed)

    with holders(folder, 1) as (heir,):
        assert url_of(heir) == url
        assert server_pid(folder) == pid

    assert embedded_url(folder) is None


def test_what_was_committed_survives_a_killed_server(folder: Path) -> None:
    with connect(start_embedded(folder)) as session:
        session.execute("create table kept (id int)")
        session.execute("insert into kept values (1)")
        server = psutil.Process(server_pid(folder))
        family = [server, *server.children()]
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, ROOM_SECONDS)

    with connect(start_embedded(folder)) as session:
        assert session.execute("select id from kept").fetchall() == [(1,)]


def test_a_database_sorts_by_bytes_whatever_its_server_does(folder: Path) -> None:
    server = start_embedded(folder)
    with connect(database_at(server, "postgres")) as session:
        session.execute("alter database template1 is_template false")
        session.execute("drop database template1")
        session.execute(
            "create database template1 template template0 is_template true"
            " encoding 'SQL_ASCII' locale_provider libc locale 'C'"
        )
    url = database_at(server, "another")

    ensure_database(url)

    with connect(url) as session:
        (made,) = session.execute(
            "select datlocprovider, datlocale, pg_encoding_to_char(encoding) from pg_database"
            " where datname = 'another'"
        ).fetchall()
    assert made == ("b", "C.UTF-8", "UTF8")


def test_a_pid_file_whose_number_is_another_programs_now_is_forgotten(folder: Path) -> None:
    start_embedded(folder)
    pid_file = folder / "postgres" / "postmaster.pid"
    left_behind = pid_file.read_text().splitlines()
    stop_embedded(folder)
    pid_file.write_text("\n".join([str(os.getpid()), *left_behind[1:]]))

    assert embedded_url(folder) is None
    with connect(start_embedded(folder)) as session:
        session.execute("select 1")


def test_a_start_that_was_killed_half_way_is_begun_anew(folder: Path) -> None:
    unfinished = folder / "postgres.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with connect(start_embedded(folder)) as session:
        session.execute("select 1")

    assert not unfinished.exists()


def test_a_cluster_that_takes_too_long_to_make_is_given_up_and_begun_anew(folder: Path) -> None:
    with pytest.raises(InfraError, match=r"initdb did not end in 0\.01 s") as caught:
        start_embedded(folder, timeout_seconds=0.01)

    assert caught.value.code == "database_unavailable"
    with connect(start_embedded(folder)) as session:
        session.execute("select 1")


@pytest.mark.parametrize(
    "name",
    [
        "with a space",
        "long-" * 30,
        "$(touch ran) `touch ran` ; touch ran & touch ran | touch ran > ran #",
        "da ta 'ü\" 日本, %2f \\ a\u2028b",
    ],
)
def test_any_folder_name_will_do(folder: Path, name: str) -> None:
    url = start_embedded(folder / name)
    try:
        with connect(url) as session:
            row = session.execute("show unix_socket_directories").fetchone()
    finally:
        stop_embedded(folder / name)
    assert row
    assert not list(Path(row[0]).glob(".s.PGSQL.*")), "The server left its socket behind."
    assert not list(folder.rglob("ran")), "A shell ran a part of the name."


def test_a_folder_whose_name_is_no_utf_8_is_refused(folder: Path) -> None:
    with pytest.raises(InfraError, match="is no UTF-8") as caught:
        start_embedded(folder / os.fsdecode(b"no-\xfe-utf8"))

    assert caught.value.code == "data_folder_unusable"


def test_a_folder_whose_name_holds_a_line_break_is_refused(folder: Path) -> None:
    with pytest.raises(InfraError, match=r"'.*a\\nb'.* holds a line break") as caught:
        start_embedded(folder / "a\nb")

    assert caught.value.code == "data_folder_unusable"


def test_a_server_that_is_to_be_kept_stays_until_it_is_stopped(folder: Path) -> None:
    keeper = HOLDER.replace("(Path(sys.argv[1]))", "(Path(sys.argv[1]), keep_running=True)")
    command = [sys.executable, "-c", keeper, str(folder)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    with holders(folder, 1) as (visitor,):
        url = url_of(visitor)
    assert embedded_url(folder) == url

    assert stop_embedded(folder) is True
    assert embedded_url(folder) is None
    assert stop_embedded(folder) is False


def test_a_server_whose_folders_were_closed_to_its_user_meanwhile_is_stopped(folder: Path) -> None:
    start_embedded(folder)
    folder.parent.chmod(0o700)

    assert stop_embedded(folder) is True
    assert embedded_url(folder) is None


def test_what_pg_ctl_says_is_told_however_long_the_server_s_log_is(folder: Path) -> None:
    start_embedded(folder)
    stop_embedded(folder)

    with pytest.raises(InfraError, match="pg_ctl: could not start server") as caught:
        start_embedded(folder, settings={"work_mem": "no size"})

    assert "invalid value for parameter" in str(caught.value)


def test_a_folder_that_cannot_be_used_is_an_infra_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InfraError, match="ORDERPATH_DATA_DIR, cannot be used") as caught:
        start_embedded(tmp_path / "file" / "below")

    assert caught.value.code == "data_folder_unusable"


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server a user")


@needs_root
def test_a_folder_that_root_opens_for_the_server_is_named_once(folder: Path) -> None:
    private = folder.parent / "private"
    private.mkdir(mode=0o700)

    with capture_logs() as first:
        start_embedded(private / "data")
    stop_embedded(private / "data")
    with capture_logs() as second:
        start_embedded(private / "data")
    stop_embedded(private / "data")

    named = [(one["event"], one["folder"], one["mode"]) for one in first]
    assert ("folder_opened_for_server", str(private), "drwx-----x") in named
    assert second == []


@needs_root
def test_root_opens_nobody_elses_private_folder_for_data(folder: Path) -> None:
    private = folder.parent / "home"
    private.mkdir(mode=0o700)
    os.chown(private, SOMEBODY, SOMEBODY)

    with pytest.raises(InfraError, match=f"{private} is private to user {SOMEBODY}") as caught:
        start_embedded(private / "data")

    assert caught.value.code == "data_folder_unusable"
    assert private.stat().st_mode & 0o777 == 0o700


def fill_disk(folder: Path) -> None:
    """Let the next start find no room for a file that the server writes before any other."""
    options = folder / "postgres" / "postmaster.opts"
    options.unlink()
    options.symlink_to("/dev/full")


def test_a_server_that_finds_its_disk_full_says_so(folder: Path) -> None:
    start_embedded(folder)
    stop_embedded(folder)
    fill_disk(folder)

    with pytest.raises(InfraError, match=r"data folder .* is full") as caught:
        start_embedded(folder)

    assert caught.value.code == "database_full"


def send_to_a_server_that_went_away(
    folder: Path, meanwhile: Callable[[], None] = lambda: None
) -> None:
    with open_system(Settings(data_dir=folder, patience_seconds=0)) as system:
        stop_embedded(folder)
        meanwhile()
        system.execute(COMMANDS["order.place"])


def test_a_command_whose_server_died_of_a_full_disk_says_so(folder: Path) -> None:
    def die() -> None:
        fill_disk(folder)
        with pytest.raises(InfraError):
            start_embedded(folder)

    with pytest.raises(InfraError, match=r"data folder .* is full: .* does not answer") as caught:
        send_to_a_server_that_went_away(folder, die)

    assert caught.value.code == "database_full"


def test_a_disk_that_had_no_room_once_is_not_blamed_for_what_comes_later(folder: Path) -> None:
    start_embedded(folder)
    stop_embedded(folder)
    fill_disk(folder)
    with pytest.raises(InfraError):
        start_embedded(folder)
    (folder / "postgres" / "postmaster.opts").unlink()

    with pytest.raises(InfraError) as caught:
        send_to_a_server_that_went_away(folder)

    assert caught.value.code == "database_unavailable"


def test_a_folder_of_a_newer_postgresql_is_refused_and_left_alone(folder: Path) -> None:
    cluster = folder / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("99\n")

    with pytest.raises(InfraError, match=r"made by PostgreSQL 99.*start the later") as caught:
        start_embedded(folder)

    assert caught.value.code == "newer_version"
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize("name", ["psql", "pgbench", "pg_dump"])
def test_the_programs_of_the_wheel_are_found(name: str) -> None:
    done = subprocess.run([postgres_binary(name), "--version"], capture_output=True, check=True)

    assert b"PostgreSQL" in done.stdout


def test_a_program_that_the_wheel_lacks_is_named() -> None:
    with pytest.raises(InfraError, match="has no pg_nothing"):
        postgres_binary("pg_nothing")
