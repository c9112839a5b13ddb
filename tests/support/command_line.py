"""The command line as a person meets it: what a command prints, and how it ends.

`Here` runs commands within the test's process, which is ten times faster; `Processes` starts
them as in production.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

import pytest

from services.cli import main

ROOT: Final = Path(__file__).parents[2]
LONGEST_SECONDS: Final = 120
MASTER_KEY: Final = "ORDERPATH_MASTER_KEY"
COLUMNS: Final = {"COLUMNS": "200"}
ANY_PORT: Final = {"ORDERPATH_HTTP_PORT": "0"}  # several are up at once


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.err, self.err[-2_000:]

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


class CommandLine(Protocol):
    """Runs commands in one environment."""

    def run(self, *words: object, stdin: str = "") -> Said:
        """Run a command to its end; a traceback is never an answer."""


@dataclass(frozen=True, slots=True)
class Here:
    """Runs commands within this process."""

    environment: dict[str, str]

    def run(self, *words: object, stdin: str = "") -> Said:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as here, redirect_stdout(out), redirect_stderr(err):
            for name, value in {**COLUMNS, **self.environment}.items():
                here.setenv(name, value)
            here.setattr(sys, "stdin", io.StringIO(stdin))
            with pytest.raises(SystemExit) as end:
                main([str(word) for word in words])
        assert isinstance(end.value.code, int)
        return Said(end.value.code, out.getvalue(), err.getvalue())


class Program(subprocess.Popen[str]):
    """A program that stays. Its log goes into a file: a full pipe that nobody reads stops it."""

    logs_in: ClassVar[str | None] = None  # a folder of the session: who is killed leaves his log

    def __init__(self, words: list[str], *, cwd: Path, env: dict[str, str]) -> None:
        descriptor, path = tempfile.mkstemp(".log", dir=self.logs_in)
        self.log = Path(path)
        super().__init__(
            words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=descriptor, text=True
        )
        os.close(descriptor)

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str, str]:
        """Wait for its end; give the rest of its output, and its whole log."""
        out, _ = super().communicate(input, timeout)
        errors = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return out, errors


@dataclass(frozen=True, slots=True)
class Processes:
    """Starts each command as a process."""

    environment: dict[str, str]

    def run(self, *words: object, stdin: str = "") -> Said:
        done = subprocess.run(
            self._words(*words),
            cwd=ROOT,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *words: object) -> Program:
        """Start a program that stays, with standard output to read its state lines from."""
        return Program(self._words(*words), cwd=ROOT, env=self._environment())

    def _words(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "services.cli", *map(str, words)]

    def _environment(self) -> dict[str, str]:
        ours = {k: v for k, v in os.environ.items() if not k.upper().startswith("ORDERPATH_")}
        mine = ours | {k: os.environ[k] for k in (MASTER_KEY,) if k in os.environ}
        return {**mine, **COLUMNS, **ANY_PORT, **self.environment}
