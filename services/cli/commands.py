"""`orderpath commands`: takes commands from Kafka. The program itself is consumers.command_worker,
which nothing here may import."""

import os
import re
import sys
from typing import Annotated

import typer

NAME_SHAPE = r"[A-Za-z0-9._-]{1,200}"  # as Kafka takes it


def commands(
    name: Annotated[
        str | None,
        typer.Option(
            "--id",
            help="A name that no other running process on this data folder has. By default the "
            "first that is free: whoever starts after a kill takes its place at once.",
        ),
    ] = None,
) -> None:
    """Take commands from Kafka and answer them there, until Ctrl-C. Start as many as you like."""
    if name is not None and not re.fullmatch(NAME_SHAPE, name):
        raise typer.BadParameter("write letters, digits, dots, dashes, 200 at most")
    program = [sys.executable, "-P", "-m", "consumers.command_worker"]
    if name is not None:
        program += ["--id", name]
    os.execv(sys.executable, program)  # noqa: S606 - it takes the place of this one, signals too
