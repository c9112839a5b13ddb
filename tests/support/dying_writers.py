"""Writers that kill themselves at a chosen step of a command, each in a process of its own."""

import os
import signal
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, Final, Literal, NoReturn

from domain.batch import Answer, Append, Log
from domain.messages import Command
from tests.support.loads import open_pipeline

Step = Literal["before it is stored", "before it is answered"]
STEPS: Final[Sequence[Step]] = ("before it is stored", "before it is answered")


def send_and_die(pipe: Connection, url: str, command: Command, step: Step) -> None:
    """Send a command, and die of it."""
    with open_pipeline(url, lambda log: _DyingLog(log, step)) as pipeline:
        pipeline.execute(command)
    pipe.close()


class _DyingLog:
    """A log whose process dies before or after something is stored."""

    def __init__(self, log: Log, step: Step) -> None:
        self._log = log
        self._step = step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> Append:
        if self._step == "before it is answered":
            self._log.append(answers, versions).result()
        _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")
