"""The path that a command is about: a published one, `small` or `small@3`, or a file.

A text that could be a name is one: a file of such a name is written `./small`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.cli.files import given_file

if TYPE_CHECKING:
    from domain.paths.names import Place
    from domain.paths.path import OrderPath
    from services.bootstrap import System

ARGUMENT: Final = "PATH, PATH@VERSION or FILE"
HELP: Final = "As `path list` names it, or YAML; `-` is standard input."
_PUBLISHED: Final = re.compile(r"([a-z][a-z0-9_]{0,63})(?:@([1-9][0-9]{0,8}))?")
Spot = Callable[["Place"], tuple[int, int]]  # gives line and column in the file


@dataclass(frozen=True, slots=True)
class GivenPath:
    """A path and where it comes from."""

    name: str  # as messages call it: shop.yaml, or small, version 3
    definition: "OrderPath"
    version: int | None = None  # None: of a file
    spot: Spot | None = None


def given_path(system: "System", argument: str) -> GivenPath:
    """Find or read a path. Raises: Unusable"""
    from services.bootstrap import place_path
    from services.reading import known_path

    published = name_and_version(argument)
    if published is None:
        file = given_file(argument)
        placed = place_path(file.text, where=file.name)
        return GivenPath(file.name, placed.value, spot=placed.spot)
    name, version = published
    path = known_path(system, name, version)
    return GivenPath(f"{name}, version {path.version}", path.definition, path.version)


def name_and_version(argument: str) -> tuple[str, int | None] | None:
    """Read the name of something published, None if the text names a file."""
    published = _PUBLISHED.fullmatch(argument)
    if published is None:
        return None
    name, version = published.groups()
    return name, None if version is None else int(version)
