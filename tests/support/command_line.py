"""The command line as a person meets it: a process, what it prints, how it ends."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
LONGEST_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs commands in one environment."""

    environment: dict[str, str]

    def run(self, *words: object, stdin: str = "") -> Said:
        """Run a command to its end; a traceback is never an answer."""
        done = subprocess.run(
            self.words(*words),
            cwd=ROOT,
            env=self.whole_environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr[-2_000:]
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *words: object) -> "subprocess.Popen[str]":
        """Start a program that stays, with standard output to read its state lines from."""
        return subprocess.Popen(
            self.words(*words),
            cwd=ROOT,
            env=self.whole_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def words(self, *words: object) -> list[str]:
        """Give the command as the system starts it."""
        return [sys.executable, "-m", "services.cli", *map(str, words)]

    @property
    def whole_environment(self) -> dict[str, str]:
        """Nobody's own settings but the ones of the test."""
        mine = {k: v for k, v in os.environ.items() if not k.upper().startswith("ORDERPATH_")}
        return {**mine, "COLUMNS": "200", **self.environment}
