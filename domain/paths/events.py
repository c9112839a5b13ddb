"""Everything that can have happened to an order path. Stored names are contracts for ever."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.messages import Code, Event


class PathPublished(Event):
    """Fact: from now on new orders follow this version of the path."""

    NAME: ClassVar[str] = "path.published.v1"

    path: Code
    path_version: Annotated[int, Field(ge=1)]
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published, in its order; not checked again at replay


PathEvent = PathPublished  # a union, as soon as there is a second one

PATH_EVENTS: tuple[type[Event], ...] = (PathPublished,)


def stream_of(path: str) -> str:
    """Give the stream of a path."""
    return f"path-{path}"
