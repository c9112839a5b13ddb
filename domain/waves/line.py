"""The history of one wave: its published versions, and what has begun. Stream `wave-<name>`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from domain.messages import Actor, Happened
from domain.waves.definition import Wave
from domain.waves.events import WaveBegun, WaveFinished, WavePublished


@dataclass(frozen=True)
class Running:
    """A wave that has begun, and whose orders were not all asked as far as we know."""

    wave_version: int
    definition: Mapping[str, Any]  # of this version
    due_at: datetime | None  # None: a person began it
    actor: Actor  # as whom it asks

    @cached_property
    def wave(self) -> Wave:
        return Wave.as_published(self.definition)


@dataclass(frozen=True)
class WaveLine:
    """State of the stream: the latest published version, 0 if there is none, and what runs."""

    version: int = 0
    wave_version: int = 0
    content_hash: str = ""
    definition: Mapping[str, Any] | None = None  # as published
    since: datetime | None = None  # hours behind it are still to come
    running: Mapping[UUID, Running] = field(default_factory=dict)  # by batch
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a wave belongs to no person

    @cached_property
    def wave(self) -> Wave | None:
        """The latest version; None if none is published."""
        return None if self.definition is None else Wave.as_published(self.definition)

    def evolve(self, happened: Happened) -> "WaveLine":
        line = replace(self, version=happened.version, last_occurred_at=happened.occurred_at)
        match happened.event:
            case WavePublished() as event:
                return line._published(event, happened.occurred_at)
            case WaveBegun() as event:
                return line._begun(event)
            case WaveFinished(batch_id=batch_id):
                left = {key: one for key, one in self.running.items() if key != batch_id}
                return replace(line, running=left)
            case event:
                raise TypeError(f"{type(event).__name__} is no event of a wave")

    def _published(self, event: WavePublished, now: datetime) -> "WaveLine":
        """Hours go on as they were unless the wave was off, or has other ones now."""
        before = self.definition
        goes_on = (
            before is not None
            and _is_on(before)
            and before["schedule"] == event.definition["schedule"]
        )
        return replace(
            self,
            wave_version=event.wave_version,
            content_hash=event.content_hash,
            definition=event.definition,
            since=self.since if goes_on else now,
        )

    def _begun(self, event: WaveBegun) -> "WaveLine":
        begun = Running(event.wave_version, self.definition or {}, event.due_at, event.actor)
        return replace(
            self,
            since=event.due_at or self.since,
            running={**self.running, event.batch_id: begun},
        )


def _is_on(definition: Mapping[str, Any]) -> bool:
    return bool(definition.get("mode", "on") == "on")
