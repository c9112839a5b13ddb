"""Writers in processes of their own, for tests in which several write at once or one is killed.

A writer runs a function of tests.support.loads and says what it was answered through a pipe.
The processes come from a fork server, which has the imports behind it: each starts in no time.
"""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Any, Concatenate, Final, ParamSpec

from infra.embedded import postgres_binary
from infra.server_user import choose_server_user

ROOM_SECONDS: Final = 60.0  # far more than any wait takes; reached only by a fault

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.loads"])

P = ParamSpec("P")


class Writer:
    """One process: what it has said so far, and whether it still lives."""

    def __init__(
        self,
        load: Callable[Concatenate[Connection, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        self.pipe, theirs = _context.Pipe()
        self.said: list[Any] = []
        self.ended = False  # it will say no more
        self.process = _context.Process(
            target=load, args=(theirs, *args), kwargs=kwargs, daemon=True
        )
        self.process.start()
        theirs.close()

    def tell(self, word: object) -> None:
        self.pipe.send(word)

    def kill(self) -> None:
        """End it as a power cut would, and hear what was already on its way."""
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(ROOM_SECONDS)
        while not self.ended:
            self.hear()

    def hear(self) -> None:
        """Take the next message; the half one of a killed writer is its end."""
        try:
            self.said.append(self.pipe.recv())
        except (EOFError, OSError):
            self.ended = True

    def leave(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join(ROOM_SECONDS)
        self.process.close()
        self.pipe.close()


@contextmanager
def leaving(writers: list[Writer]) -> Iterator[list[Writer]]:
    """End every writer of the list, also those that join it later."""
    try:
        yield writers
    finally:
        for writer in writers:
            writer.leave()


def listen(writers: list[Writer], until: Callable[[], bool]) -> None:
    """Hear what the writers say until something holds. Raises: TimeoutError."""
    deadline = monotonic() + ROOM_SECONDS
    while not until():
        if monotonic() > deadline:
            raise TimeoutError(f"said so far: {[len(writer.said) for writer in writers]}")
        listen_for(writers, 0.05)


def listen_for(writers: list[Writer], seconds: float) -> None:
    """Hear what the writers say for so long, or until all have ended."""
    deadline = monotonic() + seconds
    while pipes := {writer.pipe: writer for writer in writers if not writer.ended}:
        left = deadline - monotonic()
        for pipe in wait(list(pipes), max(left, 0)):
            pipes[pipe].hear()  # type: ignore[index]  # They are the pipes that were given.
        if left <= 0:
            return


def restart_at_once(data_dir: Path) -> None:
    """Crash the embedded server of this folder and start it again."""
    cluster = data_dir / "postgres"
    subprocess.run(
        [
            *(postgres_binary("pg_ctl"), "restart", "--pgdata", cluster, "--mode", "immediate"),
            *("--wait", "--log", data_dir / "postgres.log"),
        ],
        check=True,
        cwd=cluster,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=ROOM_SECONDS,
        **choose_server_user(cluster).process_arguments(),
    )
