"""A log in memory, for what reads the log and needs no database to be tried."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.facts import PathKey
from domain.messages import Event, Recorded
from domain.paths.path import OrderPath
from domain.reading import Head, Undecodable
from tests.support.examples import NOW

LOG_ID = UUID(int=7)


@dataclass
class MemoryLog:
    """Events by position, from 1; implements domain.reading.OrderLog. All of it is one page."""

    events: Sequence[Recorded | Undecodable]
    paths: Mapping[PathKey, OrderPath] = field(default_factory=dict)
    epoch: int = 1

    def head(self) -> Head:
        return Head(LOG_ID, self.epoch, len(self.events))

    def read_lenient(
        self,
        after: int,
        limit: int,
        *,
        most_bytes: int | None = None,
        shard: int | None = None,
        opened: bool = False,
    ) -> list[Recorded | Undecodable]:
        found = (one for one in self.events if one.position > after and shard in (None, one.shard))
        return [one for one, _ in zip(found, range(limit), strict=False)]

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], *, opened: bool = False
    ) -> list[Recorded | Undecodable]:
        found = (one for one in self.events if one.stream_id in versions)
        return [
            one
            for one in sorted(found, key=lambda one: (one.stream_id, one.version))
            if versions[one.stream_id][0] < one.version <= versions[one.stream_id][1]
        ]

    def cut_parts(
        self, versions: Mapping[str, tuple[int, int]], most_bytes: int
    ) -> Mapping[str, tuple[int, int]]:
        return versions

    def load_paths(self, keys: Sequence[PathKey]) -> dict[PathKey, OrderPath]:
        return {key: self.paths[key] for key in keys if key in self.paths}

    def published(
        self, kinds: Sequence[str], among: Collection[str] | None = None
    ) -> list[Recorded | Undecodable]:
        found = [one for one in self.events if one.stream_id.partition("-")[0] in kinds]
        return [one for one in found if among is None or one.stream_id in among]


def recorded(
    event: Event,
    *,
    position: int = 1,
    stream_id: str = "order-1",
    version: int = 1,
    occurred_at: datetime = NOW,
    fact_id: UUID | None = None,
    told_by: str = "ann",
) -> Recorded:
    """Give an event as it stands in the log; told_by: every text of its envelope."""
    return Recorded(
        position=position,
        stream_id=stream_id,
        version=version,
        shard=0,
        event=event,
        command_id=UUID(int=position),
        correlation_id=UUID(int=position),
        causation_id=None,
        actor_kind="user",
        actor_id=told_by,
        on_behalf_of=told_by,
        reason=told_by,
        source=told_by,
        occurred_at=occurred_at,
        recorded_at=NOW + timedelta(hours=1),
        fact_id=fact_id,
    )


def unreadable(one: Recorded) -> Undecodable:
    """Give what stands for an event whose row was damaged."""
    return Undecodable(
        one.position, one.stream_id, one.version, one.shard, one.event.NAME, "damaged"
    )


def renumbered(events: Iterable[Recorded]) -> list[Recorded]:
    """Give events the positions of a log that holds just these."""
    return [replace(one, position=position) for position, one in enumerate(events, 1)]
