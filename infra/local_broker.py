"""The local Kafka: one broker for each data folder, without Docker and without an installed Java.

It is a process of its own that stays until it is stopped. While it lives it holds a file lock that
it was born with: the kernel drops the lock of a killed process, so no process id can go stale.
"""

import fcntl
import os
import random
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from domain.refusals import InfraError
from infra.broker import describe_broker, is_reached, kafka_arguments
from infra.broker_process import (
    LOG_FILE,
    OUTPUT_FILE,
    PID_FILE,
    launch_broker,
    prepare_broker,
    telling_lines,
)
from infra.folder_faults import disk_full, end_of_log, tells_of_no_room, unusable
from infra.settings import Settings
from infra.waiting import wait_until

HOST: Final = "127.0.0.1"
# Below the ports that systems give to outgoing connections: a client that calls for a broker that
# is away could otherwise be given the broker's own port, and keep it from coming back.
PORTS: Final = range(20_000, 30_000)
PORT_TRIES: Final = 100
START_TIMEOUT_SECONDS: Final = 120  # After a crash it reads its files again.
STOP_TIMEOUT_SECONDS: Final = 30
KILL_TIMEOUT_SECONDS: Final = 10
STATE_SECONDS: Final = 1.0  # for a broker that may be away


def start_local_broker(
    data_dir: Path,
    *,
    settings: Mapping[str, str] | None = None,
    timeout_seconds: float = START_TIMEOUT_SECONDS,
) -> str:
    """Give host:port of the broker in this folder, started if it does not run, and ready.

    It keeps its port from one start to the next, and runs until stop_local_broker.

    settings:        of the broker, above BROKER_SETTINGS; of effect for who starts it.
    timeout_seconds: until it answers; one that takes longer goes on, and may be asked for again.
    Raises:          InfraError broker_not_installed, broker_port_taken, broker_unavailable,
                     data_folder_unusable, database_full
    """
    folder = _Folder(data_dir)
    with folder.locked():
        if not folder.is_running():
            folder.start(settings or {})
        folder.await_ready(timeout_seconds)
        return folder.address()


def stop_local_broker(data_dir: Path) -> bool:
    """Stop the broker of this folder, whoever uses it. False if it did not run.

    Raises: InfraError broker_unavailable for one that not even a kill ends
    """
    folder = _Folder(data_dir)
    if not folder.path.is_dir():
        return False
    with folder.locked():
        was_running = folder.is_running()
        if was_running:
            folder.stop()
    return was_running


def local_broker_address(data_dir: Path) -> str | None:
    """Give host:port of the broker in this folder if it runs; start nothing."""
    folder = _Folder(data_dir)
    return folder.address() if folder.is_running() else None


def broker_state(settings: Settings) -> tuple[str, bool] | None:
    """Say where the brokers are that programs use, and whether one runs; takes a second at most.

    None: ORDERPATH_KAFKA names none, and there never was a local one.

    Raises: InfraError broker_unavailable for a local one of which nobody knows where it is
    """
    if settings.kafka:
        reached = is_reached(kafka_arguments(settings), timeout_seconds=STATE_SECONDS)
        return settings.kafka, reached
    folder = _Folder(settings.data_dir)
    if not os.access(folder.ports, os.R_OK):
        return None
    return folder.address(), folder.is_running()


def find_brokers(settings: Settings) -> Settings:
    """Give the settings with the brokers that programs use: ORDERPATH_KAFKA's, else the local one.

    Raises: InfraError broker_unavailable if there is none
    """
    if settings.kafka:
        return settings
    address = local_broker_address(settings.data_dir)
    if address is None:
        raise _failed(
            f"No Kafka runs in {settings.data_dir}, and ORDERPATH_KAFKA names none: "
            "`orderpath kafka up` starts one."
        )
    return settings.model_copy(update={"kafka": address, "kafka_protocol": "plaintext"})


class _Folder:
    """What one data folder holds of Kafka: its lock, its ports, its broker."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.path = self.data_dir / "kafka"
        self.ports = self.path / "ports"
        self.pid = self.path / PID_FILE
        self.running = self.path / "running.lock"
        self.log = self.path / LOG_FILE
        self.said = self.path / OUTPUT_FILE

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time start or stop; the time limits of both bound the wait."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _open_lock(self.path / "kafka.lock")
        except OSError as error:
            raise unusable(self.data_dir, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise unusable(self.data_dir, error) from error
        finally:
            os.close(lock)

    def is_running(self) -> bool:
        """Whether a broker lives; whoever looks takes the lock from nobody."""
        try:
            descriptor = os.open(self.running, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise unusable(self.data_dir, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def address(self) -> str:
        return f"{HOST}:{self._kept_ports()[0]}"

    def start(self, settings: Mapping[str, str]) -> None:
        port, controller_port = self._free_ports()
        places = {
            "listeners": f"BROKER://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
            "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        }
        command = prepare_broker(self.path, {**places, **settings})
        running = _open_lock(self.running)
        try:
            fcntl.flock(running, fcntl.LOCK_EX)  # Waits for those who look just now.
            launch_broker(self.path, command, running)
        finally:
            os.close(running)  # Ours; the broker keeps its own.

    def await_ready(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        wait_until(lambda: _listens(self.address()) or not self.is_running(), timeout_seconds)
        if not self.is_running():
            raise self._died()
        if not _listens(self.address()):
            raise _failed(
                f"The local Kafka in {self.path} does not answer after {timeout_seconds:g} s. "
                f"It goes on starting: look at {self.log}, then try `orderpath kafka up` again."
            )
        left = max(deadline - time.monotonic(), 1.0)
        describe_broker({"bootstrap_servers": [self.address()]}, timeout_seconds=left)

    def stop(self) -> None:
        """End the broker in peace, or by force where it takes too long: it starts again as well."""
        pid = self._pid()
        for number, seconds in (
            (signal.SIGTERM, STOP_TIMEOUT_SECONDS),
            (signal.SIGKILL, KILL_TIMEOUT_SECONDS),
        ):
            with suppress(ProcessLookupError):  # It has just ended by itself.
                os.kill(pid, number)
            if wait_until(lambda: not self.is_running(), seconds):
                return
        raise _failed(f"The local Kafka in {self.path}, process {pid}, cannot be ended.")

    def _pid(self) -> int:
        """Read the broker's number, which its shell writes at its birth."""

        def said() -> str:
            return self.pid.read_text() if self.pid.exists() else ""

        if not wait_until(lambda: said().endswith("\n"), KILL_TIMEOUT_SECONDS):
            raise _failed(f"{self.pid} does not say which process the local Kafka is.")
        return int(said())

    def _free_ports(self) -> tuple[int, int]:
        """Give the ports that the folder keeps, or choose two and keep them."""
        if self.ports.exists():
            kept = self._kept_ports()
            for port in kept:
                if not _is_free(port):
                    raise InfraError(
                        "broker_port_taken",
                        f"Port {port} of {HOST}, which the local Kafka in {self.path} has, is used "
                        f"by another program: end that one; or delete {self.ports}, and other "
                        "ports are chosen.",
                    )
            return kept
        for _ in range(PORT_TRIES):
            port = random.choice(PORTS)  # noqa: S311 - two folders should not choose the same
            if _is_free(port) and _is_free(port + 1):
                unfinished = self.ports.with_name("ports.new")
                unfinished.write_text(f"{port} {port + 1}\n")
                unfinished.rename(self.ports)
                return port, port + 1
        raise _failed(f"No free port of {HOST} was found for a local Kafka.")

    def _kept_ports(self) -> tuple[int, int]:
        try:
            port, controller_port = map(int, self.ports.read_text().split())
        except (FileNotFoundError, ValueError):
            message = f"{self.ports} names no two ports: end what runs there and delete the file."
            raise _failed(message) from None
        return port, controller_port

    def _died(self) -> InfraError:
        ends = [end_of_log(self.log), end_of_log(self.said)]
        if any(map(tells_of_no_room, ends)):
            return disk_full(self.data_dir, "the local Kafka did not start")
        return _failed(
            f"The local Kafka in {self.path} did not start:\n{telling_lines(''.join(ends))}"
        )


def _failed(message: str) -> InfraError:
    return InfraError("broker_unavailable", message)


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the broker will
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
