"""What is asked about: something published, by its name, or what a file says that is not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import Field, model_validator

from domain.messages import Shape
from domain.paths.names import Place
from domain.paths.path import OrderPath
from domain.refusals import Unusable
from domain.rules.rule import Rule
from services.questions.question import Ref
from services.reading import known_path
from services.rules.published import known_rule
from services.text_files import MAX_CHARACTERS

if TYPE_CHECKING:
    from services.bootstrap import System

_PUBLISHED: Final = re.compile(r"([a-z][a-z0-9_]{0,63})(?:@([1-9][0-9]{0,8}))?")
Spot = Callable[[Place], tuple[int, int]]  # gives line and column in the file


class FileText(Shape):
    """A file that is not here, and what it says."""

    name: Annotated[Ref, Field(description="what messages call it", examples=["shop.yaml"])]
    text: Annotated[str, Field(max_length=MAX_CHARACTERS, description="all of it, as YAML")]


class Given(Shape):
    """One of both: a name, and a version if it is not the latest; or a file."""

    published: Annotated[
        Ref | None, Field(description="NAME or NAME@VERSION", examples=["small@3"])
    ] = None
    file: FileText | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.published is None) == (self.file is None):
            raise ValueError("give one of published and file")
        return self


@dataclass(frozen=True, slots=True)
class GivenPath:
    """A path and where it comes from."""

    name: str  # as messages call it: shop.yaml, or small, version 3
    definition: OrderPath
    version: int | None = None  # None: of a file
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class GivenRule:
    """A rule and where it comes from."""

    name: str  # as messages call it: paid.yaml, or paid, version 3
    definition: Rule
    version: int | None = None  # None: of a file
    spot: Spot | None = None


def path_given(system: "System", given: Given) -> GivenPath:
    """Find or read a path. Raises: Unusable"""
    from services.bootstrap import place_path

    if given.file is not None:
        placed = place_path(given.file.text, where=given.file.name)
        return GivenPath(given.file.name, placed.value, spot=placed.spot)
    name, version = _named(given.published or "")
    path = known_path(system, name, version)
    return GivenPath(f"{name}, version {path.version}", path.definition, path.version)


def rule_given(system: "System", given: Given) -> GivenRule:
    """Find or read a rule. Raises: Unusable"""
    from services.bootstrap import rule_files

    if given.file is not None:
        placed = rule_files.place_rule(given.file.text, where=given.file.name)
        return GivenRule(given.file.name, placed.value, spot=placed.spot)
    name, version = _named(given.published or "")
    known = known_rule(system, name, version)
    return GivenRule(f"{name}, version {known.version}", known.definition, known.version)


def name_and_version(text: str) -> tuple[str, int | None] | None:
    """Read the name of something published, None if the text cannot be one."""
    published = _PUBLISHED.fullmatch(text)
    if published is None:
        return None
    name, version = published.groups()
    return name, None if version is None else int(version)


def _named(text: str) -> tuple[str, int | None]:
    found = name_and_version(text)
    if found is None:
        raise Unusable(f"{text[:80]!r} is no name of something published: write NAME@VERSION")
    return found
