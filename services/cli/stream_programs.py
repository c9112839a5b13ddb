"""`orderpath worker` and `orderpath commands`: each becomes a program of package consumers, which
nothing here may import.
"""

import os
import re
import sys
from typing import Annotated, Final

import typer

MEMBER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _as_name(name: str | None) -> str | None:
    if name is not None and not MEMBER_NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no name: write letters, digits, '.', '_' and '-'")
    return name


MemberName = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="NAME",
        callback=_as_name,
        help="Its name in the group, which no other running one on this data folder has. By "
        "default the first that is free: whoever starts after a kill takes its place at once.",
    ),
]


def worker(name: MemberName = None) -> None:
    """Keep the projections up to date from Kafka, until Ctrl-C; any number of them share the work.

    For projections that workers drive: see `orderpath projection drive`.
    """
    _become("worker", name)


def commands(name: MemberName = None) -> None:
    """Take commands from Kafka and answer them there, until Ctrl-C. Start as many as you like."""
    _become("command_worker", name)


def _become(program: str, name: str | None) -> None:
    """Give this process to the program, signals too."""
    sys.stdout.flush()
    own = [program] if name is None else [program, "--id", name]
    # -P: a folder named `consumers` where somebody stands is not ours.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "consumers.loading", *own])  # noqa: S606 - our own interpreter and words
