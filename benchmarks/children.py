"""Measuring processes: each warms up, says that it is ready, and all start together."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

READY: Final = "ready"
Wish = dict[str, Any]
Answer = dict[str, Any]


def run_together(module: str, wishes: Sequence[Wish]) -> list[Answer]:
    """Run a module once per wish, at the same time; give what each has found."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(wish)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for wish in wishes
    ]
    answers = []
    try:
        for child in children:
            if _line(child) != READY:
                raise RuntimeError(f"{module} did not start")
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        answers = [json.loads(_line(child)) for child in children]
    finally:
        for child in children:
            child.communicate()
    return answers


def wish() -> Wish:
    """Give what this process was started for."""
    found: Wish = json.loads(sys.argv[1])
    return found


def wait_for_start() -> None:
    """Say that the warm-up is over, and wait until everybody is ready."""
    print(READY, flush=True)
    sys.stdin.readline()


def answer(found: Answer) -> None:
    """Hand over what was found."""
    print(json.dumps(found), flush=True)


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    while line := child.stdout.readline():
        if line.startswith((READY, "{")) and "event" not in line[:10]:
            return line.strip()
    raise RuntimeError("a measuring process ended without an answer")
