"""Keeps programs running beside each other in one terminal, each line with the name of who says it.

A program that dies is started again, later each time; the supervisor ends all of them with itself.
What a killed supervisor left behind bears a mark, from its birth on, and is ended by whoever comes
next.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Final

import psutil

FIRST_WAIT_SECONDS: Final = 0.5  # before a program that died is started again
LONGEST_WAIT_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0  # Who lived so long dies for a new reason.
END_SECONDS: Final = 15.0  # for a program to end on its own
LOOK_SECONDS: Final = 0.2
MARK: Final = "STARTED_BY_ORDERPATH"  # in a program's environment: NAME of FOLDER

_OF: Final = " of "

Tell = Callable[[str], None]


@dataclass(slots=True)
class Program:
    """One program: how it is started, and the process that it is now."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[str] | None" = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)  # monotonic seconds
    wait_seconds: float = field(default=FIRST_WAIT_SECONDS, init=False)
    start_at: float = field(default=0.0, init=False)  # monotonic seconds, of the next start


class Supervisor:
    """Runs programs until it is told to stop. For one thread."""

    def __init__(
        self,
        programs: Sequence[Program],
        data_dir: Path,
        tell: Tell,
        *,
        environment: Mapping[str, str] | None = None,
        end_seconds: float = END_SECONDS,
    ) -> None:
        self._programs = programs
        self._data_dir = data_dir
        self._tell = tell
        self._environment = {**os.environ, **(environment or {})}
        self._end_seconds = end_seconds

    def run(self, stop: Signal) -> None:
        """Start everything and keep it running; end it all before returning."""
        end_leftovers(self._data_dir, self._tell)
        try:
            while not stop.wait(LOOK_SECONDS):
                for program in self._programs:
                    self._keep(program)
        finally:
            self._end_all()

    def _keep(self, program: Program) -> None:
        process, now = program.process, monotonic()
        if process is not None and process.poll() is not None:
            program.process = None
            if now - program.started_at > STEADY_SECONDS:
                program.wait_seconds = FIRST_WAIT_SECONDS
            program.start_at = now + program.wait_seconds
            self._tell(
                f"{program.name} ended with {process.returncode}, starts again in"
                f" {program.wait_seconds:g} s"
            )
            program.wait_seconds = min(program.wait_seconds * 2, LONGEST_WAIT_SECONDS)
        if program.process is None and now >= program.start_at:
            self._start(program)

    def _start(self, program: Program) -> None:
        program.process = subprocess.Popen(
            program.command,
            env={**self._environment, MARK: f"{program.name}{_OF}{self._data_dir.resolve()}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us; we end them in order.
        )
        program.started_at = monotonic()
        Thread(target=self._repeat, args=(program.name, program.process), daemon=True).start()

    def _repeat(self, name: str, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as said:
            for line in said:
                self._tell(f"{name} | {line.rstrip().removeprefix('orderpath: ')}")

    def _end_all(self) -> None:
        """Ask all of them, then wait; who does not end in time is killed."""
        running = [one.process for one in self._programs if one.process is not None]
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        give_up_at = monotonic() + self._end_seconds
        for process in running:
            try:
                process.wait(max(give_up_at - monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_leftovers(data_dir: Path, tell: Tell) -> int:
    """End the programs of a supervisor that was killed; give how many there were."""
    found = [process for _, process in started_on(data_dir)]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=END_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive)
    if found:
        tell(f"ended {len(found)} programs that an `up --cluster` before this one left behind")
    return len(found)


def started_on(data_dir: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Give the programs that supervisors of this folder have started and that live, by name."""
    for process in psutil.process_iter():
        try:
            name, _, folder = process.environ().get(MARK, "").partition(_OF)
        except psutil.Error:  # It has just ended, or is somebody else's.
            continue
        if folder == str(data_dir.resolve()):
            yield name, process
