"""What a shop defines as data and publishes in versions: order paths and calendars."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Self

from pydantic import ValidationInfo
from pydantic_core import to_json

from domain.messages import Shape, Text

Title = dict[str, Text]  # language -> text


_PUBLISHED: Final = "published"


def is_published(info: ValidationInfo) -> bool:
    """Whether a definition is read as it was published: it has been checked then."""
    return bool(info.context and info.context.get(_PUBLISHED))


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
