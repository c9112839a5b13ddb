"""A real server of a test's own: uvicorn in a thread or a process, on a real database."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import psutil
from fastapi import FastAPI

from services.api.app import create_app
from services.api.desk import FrontDesk
from services.api.limits import Limits
from services.api.serving import listen, serve
from services.bootstrap import Settings, System, open_system
from services.client import Client
from tests.support.doorkeeper import Doorkeeper
from tests.support.waiting import ROOM_SECONDS, wait_for


@dataclass
class Served:
    """A running server, and the system behind it."""

    url: str
    system: System
    door: Doorkeeper
    stop: Event
    app: FastAPI

    @property
    def desk(self) -> FrontDesk:
        found: FrontDesk = self.app.state.desk
        return found

    def http(self, key: str = "ann") -> httpx.Client:
        """Give what speaks HTTP as a caller."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=ROOM_SECONDS
        )

    def client(self, key: str = "ann") -> Client:
        return Client(self.url, key)


@contextmanager
def served(
    database_url: str,
    folder: Path,
    limits: Limits | None = None,
    *,
    through: Callable[[System], System] | None = None,
    **settings: Any,
) -> Iterator[Served]:
    """Serve from this process until the block ends.

    through: what its threads see instead of a System of their own
    """
    chosen = Settings(database_url=database_url, data_dir=folder, **settings)
    door, stop = Doorkeeper(), Event()
    with open_system(chosen) as system:
        ear = listen("127.0.0.1", 0)
        another = (lambda: through(system.another())) if through else None
        app = create_app(system, door, limits, another=another)
        began = Event()
        server = Thread(target=serve, args=(app, ear, stop), kwargs={"began": began.set})
        server.start()
        assert began.wait(ROOM_SECONDS)
        url = f"http://127.0.0.1:{ear.getsockname()[1]}"
        try:
            yield Served(url, system, door, stop, app)
        finally:
            stop.set()
            server.join(ROOM_SECONDS)
            assert not server.is_alive()


def free_port() -> int:
    """Give a port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port: int = ear.getsockname()[1]
        return port


class ServerProcess:
    """A server as a process of its own, on a port that it keeps when it starts again.

    files: that it may have open; 0: as many as we may
    """

    def __init__(self, environment: dict[str, str], files: int = 0) -> None:
        self._files = files
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        mine = {k: v for k, v in os.environ.items() if not k.upper().startswith("ORDERPATH_")}
        self._environment = {**mine, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        words = [sys.executable, "-m", "tests.support.serving_process", str(self.port)]
        if self._files:
            words = ["sh", "-c", f'ulimit -n {self._files}; exec "$@"', "sh", *words]
        self._process = subprocess.Popen(words, env=self._environment)
        wait_for(self._is_ready, "the server was never ready")

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the server ended"
        try:
            return httpx.get(f"{self.url}/health/ready").is_success
        except httpx.TransportError:
            return False

    @property
    def files(self) -> int:
        """How many it has open."""
        assert self._process is not None
        return psutil.Process(self._process.pid).num_fds()

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(ROOM_SECONDS)

    def end(self) -> int:
        """Ask it to end, and give its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(ROOM_SECONDS)

    def leave(self) -> None:
        """End it if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
