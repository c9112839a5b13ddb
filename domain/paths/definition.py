"""What a shop defines as data and publishes in versions: order paths and calendars."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Self

from pydantic import ValidationInfo
from pydantic_core import to_json

from domain.errands import go_on
from domain.messages import Shape, Text
from domain.refusals import Unusable

MAX_COMPILED_CHARACTERS: Final = 300_000  # of one definition, in conditions and templates
LEAST_COUNTED: Final = 200  # characters: short ones take their time, too

Title = dict[str, Text]  # language -> text


_PUBLISHED: Final = "published"
_NEW: Final = "new"


def is_published(info: ValidationInfo) -> bool:
    """Whether a definition is read as it was published: it has been checked then."""
    return bool(info.context and info.context.get(_PUBLISHED))


class TooMuchToCompile(Unusable):
    """A definition has more conditions and templates than anybody can wait for."""


@dataclass(slots=True)
class Compiling:
    """What is compiled while one definition is read."""

    remembered: set[str] = field(default_factory=set)  # it is compiled once, however often it comes
    characters: int = 0

    def count(self, source: str) -> None:
        """Raises: TooMuchToCompile"""
        if source in self.remembered:
            return
        self.characters += max(len(source), LEAST_COUNTED)
        if self.characters > MAX_COMPILED_CHARACTERS:
            raise TooMuchToCompile(
                f"its conditions and texts have more than {MAX_COMPILED_CHARACTERS:,} characters"
                f" (each counts as {LEAST_COUNTED} at least): split it"
            )


def read_anew() -> dict[str, Any]:
    """Give the context in which a definition is read that somebody wrote."""
    return {_NEW: Compiling()}


def before_compiling(source: str, info: ValidationInfo) -> None:
    """Look whether a text of a definition may be compiled. Raises: TooMuchToCompile, InfraError"""
    go_on()
    if (compiling := _compiling(info)) is not None:
        compiling.count(source)


def remembered(source: str, info: ValidationInfo) -> None:
    """Note that a text is compiled for good: to compile it once more takes no time."""
    if (compiling := _compiling(info)) is not None:
        compiling.remembered.add(source)


def _compiling(info: ValidationInfo) -> Compiling | None:
    return info.context.get(_NEW) if info.context else None


class Definition(Shape):
    """A definition as published. What is left out is not stored and does not count, so that a key
    added to a language changes no hash.
    """

    @classmethod
    def as_published(cls, content: Mapping[str, Any]) -> Self:
        """Read what is in the log by its shape alone: its meaning was checked before it was
        published, by checks that may have become stricter since.
        """
        return cls.model_validate(content, context={_PUBLISHED: True})

    @cached_property
    def content(self) -> dict[str, Any]:
        """The definition as JSON values, in its order."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the content, hexadecimal: equal definitions have equal hashes."""
        return sha256(to_json(self.content)).hexdigest()
