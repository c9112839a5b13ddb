"""The history of one path: which versions were published. evolve never refuses."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never, cast

from domain.messages import Happened
from domain.paths.events import PathEvent, PathPublished


@dataclass(frozen=True, slots=True)
class PathLine:
    """State of the stream: the latest published version, 0 if there is none."""

    version: int = 0
    path_version: int = 0
    content_hash: str = ""
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a path belongs to no person

    def evolve(self, happened: Happened) -> "PathLine":
        """Give the history after one more event."""
        event = cast(PathEvent, happened.event)
        match event:
            case PathPublished():
                return replace(
                    self,
                    version=happened.version,
                    path_version=event.path_version,
                    content_hash=event.content_hash,
                    last_occurred_at=happened.occurred_at,
                )
            case _:
                assert_never(event)
