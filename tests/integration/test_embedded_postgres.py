"""The embedded server: shared by processes, stopped by the last, indifferent to kill -9."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from domain.refusals import InfraError
from infra.embedded import embedded_url, postgres_binary, start_embedded, stop_embedded
from infra.postgres import connect

# Starts the server, says where it is, and holds it until its stdin is closed.
HOLDER = """
import sys
from pathlib import Path
from infra.embedded import start_embedded
print(start_embedded(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
ROOM_SECONDS = 60

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


@pytest.mark.parametrize("name", ["with a space", "long-" * 30])
def test_any_folder_name_will_do(folder: Path, name: str) -> None:
    url = start_embedded(folder / name)
    try:
        with connect(url) as session:
            row = session.execute("show unix_socket_directories").fetchone()
    finally:
        stop_embedded(folder / name)
    assert row
    assert not list(Path(row[0]).glob(".s.PGSQL.*")), "The server left its socket behind."


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


def test_a_folder_that_cannot_be_used_is_an_infra_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InfraError, match="ORDERPATH_DATA_DIR, cannot be used") as caught:
        start_embedded(tmp_path / "file" / "below")

    assert caught.value.code == "data_folder_unusable"


@pytest.mark.parametrize("name", ["psql", "pgbench", "pg_dump"])
def test_the_programs_of_the_wheel_are_found(name: str) -> None:
    done = subprocess.run([postgres_binary(name), "--version"], capture_output=True, check=True)

    assert b"PostgreSQL" in done.stdout


def test_a_program_that_the_wheel_lacks_is_named() -> None:
    with pytest.raises(InfraError, match="has no pg_nothing"):
        postgres_binary("pg_nothing")
