"""Files that a command names, `-` being standard input. For `order place`, `path publish`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from services.cli.errors import USAGE, CommandFailed

Given = TypeVar("Given")


class GivenFile(NamedTuple):
    """A file as messages call it, and what it says."""

    name: str
    text: str


def file_or_ready(
    file: str | None,
    ready: str | None,
    *,
    preset: Callable[[str], Given],
    read: Callable[..., Given],  # a text; where: what messages call it
    ways: str = "a FILE, or --ready NAME",
) -> Given:
    """Read the file, or take what comes ready-made, whichever was named. Raises: Unusable"""
    if (file is None) == (ready is None):
        raise CommandFailed(f"name one: {ways}", USAGE)
    if ready is not None:
        return preset(ready)
    given = given_file(file or "")
    return read(given.text, where=given.name)


def given_file(argument: str) -> GivenFile:
    """Read a file of text. Raises: Unusable"""
    from services.text_files import read_stream, read_text

    if argument == "-":
        name = "standard input"
        return GivenFile(name, read_stream(sys.stdin, name))
    path = Path(argument)
    return GivenFile(path.name, read_text(path))
