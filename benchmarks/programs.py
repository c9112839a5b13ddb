"""Relay and workers as processes, as in production: started, heard, weighed, ended."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from subprocess import PIPE, Popen, TimeoutExpired, check_output
from threading import Thread
from time import monotonic, sleep
from typing import Final

LONGEST_SECONDS: Final = 60.0  # until a program works, and until it ends; reached only by a fault
LOOK_SECONDS: Final = 0.02
READY: Final = re.compile(r"worker ready, (\d+) of (\d+) shards")


class Program:
    """`orderpath WORDS` in a process of its own, and the last line that it said."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        own = {name: text for name, text in os.environ.items() if not name.startswith("ORDERPATH_")}
        self._process = Popen(
            [sys.executable, "-m", "services.cli", *words],
            env=own | dict(environment),
            stdout=PIPE,
            text=True,
        )
        self.line = ""
        self._ear = Thread(target=self._hear, daemon=True)
        self._ear.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def memory_mb(self) -> float:
        """Give the memory that it holds now."""
        told = check_output(["ps", "-o", "rss=", "-p", str(self._process.pid)], text=True)  # noqa: S607 - whichever ps there is
        return int(told) * 1_024 / 1e6

    def check(self) -> None:
        """Raises: RuntimeError if it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"{self._process.args!r} has ended: {self.line}")

    def end(self) -> None:
        """End it in peace, or by force where it takes too long."""
        self._process.terminate()
        try:
            self._process.wait(LONGEST_SECONDS)
        except TimeoutExpired:
            self._process.kill()
        self._ear.join()
        self._process.wait()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.line = line.rstrip()


@contextmanager
def running(word: str, environment: Mapping[str, str]) -> Iterator[Program]:
    """Let `orderpath WORD` run until the block ends."""
    program = Program([word], environment)
    try:
        yield program
    finally:
        program.end()


@contextmanager
def workers(count: int, environment: Mapping[str, str]) -> Iterator[list[Program]]:
    """Let so many workers run until the block ends, which begins once they share all shards."""
    with ExitStack() as started:
        programs = []
        for _ in range(count):
            programs.append(Program(["worker"], environment))
            started.callback(programs[-1].end)
        _await_shards(programs)
        yield programs


def _await_shards(programs: Sequence[Program]) -> None:
    deadline = monotonic() + LONGEST_SECONDS
    while not all_shared([program.line for program in programs]):
        for program in programs:
            program.check()
        if monotonic() > deadline:
            raise RuntimeError(f"the workers do not share: {[one.line for one in programs]}")
        sleep(LOOK_SECONDS)


def all_shared(lines: Sequence[str]) -> bool:
    """Say whether every shard has a worker and every worker a shard, by their last lines."""
    found = [READY.search(line) for line in lines]
    shares = [(int(one[1]), int(one[2])) for one in found if one]
    return (
        len(shares) == len(lines)
        and all(own for own, _ in shares)
        and sum(own for own, _ in shares) == shares[0][1]
    )
