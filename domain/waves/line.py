"""The history of one wave: its published versions, and what has begun. Stream `wave-<name>`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self
from uuid import UUID

from domain.messages import Actor, Happened
from domain.publishing import Line
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
class WaveLine(Line):
    """State of the stream of a wave, and what runs."""

    KIND = "wave"
    PUBLISHED = WavePublished

    since: datetime | None = None  # hours behind it are still to come
    running: Mapping[UUID, Running] = field(default_factory=dict)  # by batch

    @cached_property
    def wave(self) -> Wave | None:
        """The latest version; None if none is published."""
        return None if self.definition is None else Wave.as_published(self.definition)

    def evolve(self, happened: Happened) -> Self:
        line = replace(self, version=happened.version, last_occurred_at=happened.occurred_at)
        match happened.event:
            case WaveBegun() as event:
                return line._begun(event)
            case WaveFinished(batch_id=batch_id):
                left = {key: one for key, one in self.running.items() if key != batch_id}
                return replace(line, running=left)
            case _:
                line = super().evolve(happened)
                goes_on = _goes_on(self.definition, line.definition or {})
                return line if goes_on else replace(line, since=happened.occurred_at)

    def _begun(self, event: WaveBegun) -> Self:
        begun = Running(event.wave_version, self.definition or {}, event.due_at, event.actor)
        return replace(
            self,
            since=event.due_at or self.since,
            running={**self.running, event.batch_id: begun},
        )


def _goes_on(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether hours go on as they were: not if the wave was off, or has other ones now."""
    return (
        before is not None
        and before.get("mode", "on") == "on"
        and before["schedule"] == after["schedule"]
    )
