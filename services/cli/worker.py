"""`orderpath worker`: becomes the program of package consumers that feeds the projections."""

import os
import re
import sys
from typing import Annotated, Final

import typer

MEMBER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def worker(
    name: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="NAME", help="Its name in the group; by default the first that is free."
        ),
    ] = None,
) -> None:
    """Keep the projections up to date from Kafka, until Ctrl-C; any number of them share the work.

    For projections that workers drive: see `orderpath projection drive`.
    """
    if name is not None and not MEMBER_NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no name: write letters, digits, '.', '_' and '-'")
    sys.stdout.flush()
    own = [] if name is None else ["--id", name]
    # -P: a folder named `consumers` where somebody stands is not ours.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "consumers.worker", *own])  # noqa: S606
