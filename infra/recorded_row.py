"""One row of log.events, as the library's Notification with the whole envelope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from eventsourcing.persistence import Notification

from domain.messages import Event, Recorded

COLUMNS: Final[LiteralString] = (
    "e.stream_id, e.version, e.type, e.payload, e.position, e.shard, e.fact_id, e.subject_id,"
    " e.key_id, e.command_id, e.correlation_id, e.causation_id, e.actor_kind, e.actor_id,"
    " e.on_behalf_of, e.reason, e.source, e.occurred_at, e.recorded_at"
)


@dataclass(frozen=True)
class RecordedRow(Notification):
    """Field order follows COLUMNS behind the library's own five."""

    shard: int
    fact_id: UUID | None
    subject_id: str | None
    key_id: UUID | None
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    actor_kind: str
    actor_id: str
    on_behalf_of: str | None
    reason: str | None
    source: str
    occurred_at: datetime
    recorded_at: datetime

    @property
    def position(self) -> int:
        return self.id

    @property
    def stream_id(self) -> str:
        return str(self.originator_id)

    @property
    def version(self) -> int:
        return self.originator_version

    @property
    def type(self) -> str:
        return self.topic

    @property
    def payload(self) -> bytes:
        return self.state

    def recorded(self, event: Event, reason: str | None) -> Recorded:
        """Give the row with its event decoded."""
        return Recorded(
            position=self.id,
            stream_id=self.stream_id,
            version=self.originator_version,
            shard=self.shard,
            event=event,
            command_id=self.command_id,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
            actor_kind=self.actor_kind,
            actor_id=self.actor_id,
            on_behalf_of=self.on_behalf_of,
            reason=reason,
            source=self.source,
            occurred_at=self.occurred_at,
            recorded_at=self.recorded_at,
            fact_id=self.fact_id,
        )


def row_of(values: tuple[Any, ...]) -> RecordedRow:
    """Read a result row that was selected with COLUMNS."""
    return RecordedRow(*values)
