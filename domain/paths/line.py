"""The history of one path: which versions were published, by whom. Stream `path-<name>`."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.messages import Code, Command, Decided, Event, Happened
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet


class PathPublished(Event):
    """Fact: from now on new orders follow this version of the path."""

    NAME: ClassVar[str] = "path.published.v1"

    path: Code
    path_version: Annotated[int, Field(ge=1)]
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published, in its order; not checked again at replay


class PublishPath(Command):
    """Make a path the one that new orders follow."""

    NAME: ClassVar[str] = "path.publish"

    definition: OrderPath

    @property
    def stream_id(self) -> str:
        return f"path-{self.definition.path}"


@dataclass(frozen=True, slots=True)
class PathLine:
    """State of the stream: the latest published version, 0 if there is none."""

    version: int = 0
    path_version: int = 0
    content_hash: str = ""
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a path belongs to no person

    def evolve(self, happened: Happened) -> "PathLine":
        event = happened.event
        if not isinstance(event, PathPublished):
            raise TypeError(f"{type(event).__name__} is no event of a path")
        return replace(
            self,
            version=happened.version,
            path_version=event.path_version,
            content_hash=event.content_hash,
            last_occurred_at=happened.occurred_at,
        )


def publish(line: PathLine, command: PublishPath, now: datetime) -> list[Decided]:
    """Publish the next version; the same content again is nothing."""
    definition = command.definition
    if command.expected_status is not None:
        raise Refusal(
            Unmet(
                code="status_differs",
                field="expected_status",
                message="A path has no status",
                needed="expected_version, if it shall be published on nothing else",
            )
        )
    if definition.content_hash == line.content_hash:
        return []
    event = PathPublished(
        path=definition.path,
        path_version=line.path_version + 1,
        content_hash=definition.content_hash,
        definition=definition.model_dump(mode="json"),
    )
    return [Decided(event, now)]
