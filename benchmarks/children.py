"""Measuring processes: each warms up, says that it is ready, and all start together.

On its standard output a process says two lines, READY and its answer; its log goes elsewhere.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Timer
from typing import Any, Final

READY: Final = "ready"
LONGEST_SECONDS: Final = 1_800.0  # from the start to the last answer; reached only by a fault
Child = subprocess.Popen[str]
Wish = dict[str, Any]
Answer = dict[str, Any]


def run_together(
    module: str, wishes: Sequence[Wish], *, longest_seconds: float = LONGEST_SECONDS
) -> list[Answer]:
    """Run a module once per wish, at the same time; give what each has found.

    Raises: RuntimeError if one of them ends, or has to be ended, without an answer.
    """
    with ExitStack() as started:
        children = [started.enter_context(_start(module, wish)) for wish in wishes]
        limit = Timer(longest_seconds, _end, [children])
        limit.start()
        try:
            for child in children:
                if _hear(child) != READY:
                    raise RuntimeError(f"{module} did not say that it is ready")
            for child in children:
                _let_go(child)
            answers = [json.loads(_hear(child)) for child in children]
            for child in children:
                child.wait()
        finally:
            limit.cancel()
            _end(children)
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


def _start(module: str, wish: Wish) -> Child:
    return subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(wish)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _hear(child: Child) -> str:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise RuntimeError(f"a measuring process ended without an answer: {child.args!r}")
    return line.strip()


def _let_go(child: Child) -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()


def _end(children: Sequence[Child]) -> None:
    for child in children:
        child.kill()
