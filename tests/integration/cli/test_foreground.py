"""One `up` on a data folder, and everybody may look whether it runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from services.cli import BECOMING, STAYING
from services.cli.errors import CommandFailed
from services.cli.foreground import only_one, running_pid

# A program that stays, and holds what waits for ever while the interpreter is taken down.
STUCK = """
import atexit, os, signal, sys, time
from services.cli import main
from services.cli import BECOMING, STAYING
from services.cli.errors import CommandFailed
from services.cli.foreground import signalled, state
from services.cli.program import app

class Waiting:
    def __del__(self, sleep=time.sleep):
        while True:
            sleep(0.01)

waiting = Waiting()
atexit.register(sys.stdout.write, "let go")

@app.command()
def stuck(code: int, words: int):
    stop = signalled(1)
    os.kill(os.getpid(), signal.SIGTERM)
    stop.wait()
    state("w" * words)
    sys.stdout.write("ended ")
    if code:
        raise CommandFailed("no more", code)

main()
"""
# A program that gets a signal in the midst of what it loads.
EARLY = """
import os, signal, sys

class Early:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Early())
from services.cli import main
main()
"""
LONGER_SECONDS = 20  # than it may take


@pytest.mark.parametrize("program", [*STAYING, *BECOMING])
def test_a_signal_that_comes_while_a_program_is_loaded_ends_it_with_0(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY, program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_signal_that_comes_while_a_command_is_loaded_ends_it_as_any() -> None:
    done = subprocess.run([sys.executable, "-c", EARLY, "relay", "replay"], check=False)
    assert done.returncode == -signal.SIGTERM


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[set[int | None]]:
    """What two others see who look all the time."""
    found: set[int | None] = set()
    stop = Signal()

    def look() -> None:
        while not stop.is_set():
            found.add(running_pid(tmp_path))

    watchers = [Thread(target=look) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    yield found
    stop.set()
    for watcher in watchers:
        watcher.join()


def test_who_looks_whether_up_runs_never_keeps_it_from_starting(
    tmp_path: Path, seen: set[int | None]
) -> None:
    for _ in range(1_000):
        with only_one(tmp_path):
            assert running_pid(tmp_path) == os.getpid()

    assert seen <= {None, os.getpid()}


def test_a_second_up_is_told_that_one_runs(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(CommandFailed, match="runs already"), only_one(tmp_path):
        pytest.fail("There were two.")
    assert running_pid(tmp_path) is None


def stuck(code: int, *, words: int = 1) -> list[str]:
    return [sys.executable, "-c", STUCK, "stuck", str(code), str(words)]


@pytest.mark.parametrize("code", [0, 1, 3])
def test_nothing_keeps_a_program_alive_that_has_ended_and_all_is_said(code: int) -> None:
    done = subprocess.run(
        stuck(code), capture_output=True, text=True, timeout=LONGER_SECONDS, check=False
    )

    assert done.returncode == code
    assert done.stdout == "orderpath: w\nended let go"
    assert done.stderr == ("Error: no more\n" if code else "")


def test_a_program_ends_in_time_though_nobody_takes_what_it_says() -> None:
    with subprocess.Popen(stuck(0, words=1 << 20), stdout=subprocess.PIPE) as program:
        try:
            assert program.wait(LONGER_SECONDS) == 0
        finally:
            program.kill()
