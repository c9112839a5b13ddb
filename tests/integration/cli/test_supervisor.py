"""Programs beside each other in one terminal: told apart, started again, ended together."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Thread

from services.cli.supervisor import MARK, Program, Supervisor, end_leftovers, started_on
from tests.support.waiting import wait_for

LONGEST_SECONDS = 30
# A program that does nothing until somebody ends it, as each test does long before it would end.
SILENT = "import time; time.sleep(600)"
STAYS = "import time; print('here', flush=True); time.sleep(600)"
DIES = "import sys; print('oh', flush=True); sys.exit(3)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + STAYS


def program(name: str, code: str) -> Program:
    return Program(name, (sys.executable, "-c", code))


@contextmanager
def supervised(folder: Path, *programs: Program, end_seconds: float = 10) -> Iterator[list[str]]:
    """Run them; give what is told, as it comes. They have ended behind the block."""
    told: list[str] = []
    stop = Signal()
    supervisor = Supervisor(programs, folder, told.append, end_seconds=end_seconds)
    thread = Thread(target=supervisor.run, args=(stop,))
    thread.start()
    try:
        yield told
    finally:
        stop.set()
        thread.join(LONGEST_SECONDS)
        assert not thread.is_alive()


def test_every_line_bears_the_name_of_who_says_it(tmp_path: Path) -> None:
    with supervised(tmp_path, program("relay", STAYS), program("worker 1", STAYS)) as told:
        wait_for(lambda: len(told) == 2)

    assert sorted(told) == ["relay | here", "worker 1 | here"]


def test_who_dies_is_started_again_later_each_time_and_the_others_stay(tmp_path: Path) -> None:
    steady = program("relay", STAYS)
    with supervised(tmp_path, steady, program("worker", DIES)) as told:
        wait_for(lambda: "worker ended with 3, starts again in 1 s" in told)
        first = steady.process

    assert "worker ended with 3, starts again in 0.5 s" in told
    assert told.count("worker | oh") >= 2
    assert told.count("relay | here") == 1
    assert first is not None
    assert first.returncode == -signal.SIGTERM


def test_who_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    deaf = program("worker", DEAF)
    with supervised(tmp_path, deaf, end_seconds=0.2) as told:
        wait_for(lambda: told == ["worker | here"])

    assert deaf.process is not None
    assert deaf.process.returncode == -signal.SIGKILL
    assert list(started_on(tmp_path)) == []


def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next_one(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from threading import Event
from services.cli.supervisor import Program, Supervisor
programs = [Program("left", (sys.executable, "-c", {STAYS!r}))]
Supervisor(programs, Path({str(tmp_path)!r}), lambda line: print(line, flush=True)).run(Event())
"""
    first = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "left | here\n"
        first.kill()
    ((name, left),) = started_on(tmp_path)
    assert name == "left"

    with supervised(tmp_path, program("new", STAYS)) as told:
        wait_for(lambda: "new | here" in told)
        assert not left.is_running()

    assert told[0] == "ended 1 programs that an `up --cluster` before this one left behind"


def test_a_supervisor_killed_in_the_moment_of_a_start_leaves_nothing_that_is_not_found(
    tmp_path: Path,
) -> None:
    code = f"""
import os, signal, subprocess
from pathlib import Path
from threading import Event
from services.cli.supervisor import Program, Supervisor
born = subprocess.Popen.__init__
def die(self, *told, **named):
    born(self, *told, **named)
    os.kill(os.getpid(), signal.SIGKILL)
subprocess.Popen.__init__ = die
programs = [Program("left", ({sys.executable!r}, "-c", {SILENT!r}))]
Supervisor(programs, Path({str(tmp_path)!r}), print).run(Event())
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    ((_, left),) = started_on(tmp_path)
    told: list[str] = []

    assert end_leftovers(tmp_path, told.append) == 1
    assert not left.is_running()
    assert end_leftovers(tmp_path, told.append) == 0
    assert told == ["ended 1 programs that an `up --cluster` before this one left behind"]


def test_nobody_else_is_ended(tmp_path: Path) -> None:
    environment = os.environ | {MARK: f"relay of {tmp_path / 'another'}"}
    command = [sys.executable, "-c", STAYS]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as another:
        assert another.stdout is not None
        assert another.stdout.readline() == b"here\n"
        told: list[str] = []
        ended = end_leftovers(tmp_path, told.append)
        still_runs = another.poll() is None
        another.kill()

    assert (ended, told, still_runs) == (0, [], True)
