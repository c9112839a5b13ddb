"""Texts that people hand in as files: a mapping, a path, an order. Read whole, never endlessly."""

from pathlib import Path
from typing import Final, TextIO

from domain.refusals import Unusable

MAX_CHARACTERS: Final = 1_000_000
BYTE_ORDER_MARK: Final = "\ufeff"  # Windows begins files with it


def read_text(path: Path) -> str:
    """Read a file of UTF-8 text. Raises: Unusable that names the file"""
    try:
        with path.open(encoding="utf-8") as file:
            return read_stream(file, path.name)
    except OSError as error:
        words = f"{path.name or path} cannot be opened ({error.strerror}): check the path"
        raise Unusable(words) from error


def read_stream(stream: TextIO, name: str) -> str:
    """Read what is left of a stream that messages call by this name. Raises: Unusable"""
    try:
        text = stream.read(MAX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: not UTF-8: save it as UTF-8") from error
    if len(text) > MAX_CHARACTERS:
        raise Unusable(f"{name} is longer than {MAX_CHARACTERS:,} characters: shorten it")
    return text.removeprefix(BYTE_ORDER_MARK)
