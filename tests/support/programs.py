"""Programs that stay, as processes as in production: started, heard, frozen, killed, ended."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Condition, Thread
from time import monotonic

from tests.support.command_line import Processes
from tests.support.waiting import ROOM_SECONDS


class RunningProgram:
    """One program, and the state lines that it has said so far."""

    def __init__(self, environment: Mapping[str, str], *words: str) -> None:
        self.process = Processes(dict(environment)).start(*words)
        self._lines: list[str] = []
        self._heard = Condition()
        self._ear = Thread(target=self._hear, daemon=True)
        self._ear.start()

    def await_line(self, words: str, times: int = 1) -> str:
        """Wait for the so manieth line that contains the words, and give it."""
        with self._heard:
            self._heard.wait_for(lambda: len(self._with(words)) >= times, ROOM_SECONDS)
            found = self._with(words)
            assert len(found) >= times, f"{words!r} was not said: {self._lines} {self.said()}"
            return found[times - 1]

    def count_lines(self, words: str) -> int:
        """Say how many lines with these words were said so far."""
        with self._heard:
            return len(self._with(words))

    def end(self) -> float:
        """End it by SIGTERM, which it obeys; give how many seconds it took."""
        began = monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(ROOM_SECONDS) == 0, self.said()
        return monotonic() - began

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(ROOM_SECONDS)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def said(self) -> str:
        """Give all that it wrote beside its state lines."""
        return self.process.log.read_text()

    def leave(self) -> None:
        """End it if it still runs, and leave nothing of it behind."""
        if self.process.poll() is None:
            self.kill()
        self._ear.join(ROOM_SECONDS)
        self.process.communicate()

    def _with(self, words: str) -> list[str]:
        return [line for line in self._lines if words in line]

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                self._lines.append(line.rstrip())
                self._heard.notify_all()


@contextmanager
def programs(environment: Mapping[str, str]) -> Iterator[Callable[..., RunningProgram]]:
    """Give what starts programs by the words of the command line; all are gone afterwards."""
    started: list[RunningProgram] = []

    def start(*words: str) -> RunningProgram:
        started.append(RunningProgram(environment, *words))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.leave()


@contextmanager
def workers(environment: Mapping[str, str]) -> Iterator[Callable[..., RunningProgram]]:
    """Give what starts workers; all are gone afterwards."""
    with programs(environment) as start:
        yield partial(start, "worker")
