"""What a shop defines as data and publishes in versions: order paths and calendars."""

from functools import cached_property
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from domain.messages import Shape, Text

Title = dict[str, Text]  # language -> text


class Definition(Shape):
    """A definition as published. What is left out is not stored and does not count, so that a key
    added to a language changes no hash.
    """

    @cached_property
    def content(self) -> dict[str, Any]:
        """The definition as JSON values, in its order."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the content, hexadecimal: equal definitions have equal hashes."""
        return sha256(to_json(self.content)).hexdigest()
