"""Files that a command names, `-` being standard input. For `order place`, `path publish`."""

import sys
from pathlib import Path
from typing import NamedTuple


class GivenFile(NamedTuple):
    """A file as messages call it, and what it says."""

    name: str
    text: str


def given_file(argument: str) -> GivenFile:
    """Read a file of text. Raises: Unusable"""
    from services.text_files import read_stream, read_text

    if argument == "-":
        name = "standard input"
        return GivenFile(name, read_stream(sys.stdin, name))
    path = Path(argument)
    return GivenFile(path.name, read_text(path))
