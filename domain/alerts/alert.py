"""The state of an alert and how events change it. evolve never refuses and looks nothing up."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never, cast
from uuid import UUID

from domain.alerts import events as e
from domain.messages import Happened


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # an alert is no person's data
    order_id: UUID | None = None  # that it is about
    acknowledged: bool = False

    @property
    def exists(self) -> bool:
        return self.version > 0

    def evolve(self, happened: Happened) -> "Alert":
        """Give the alert after one more event."""
        alert = replace(self, version=happened.version, last_occurred_at=happened.occurred_at)
        event = cast(e.AlertEvent, happened.event)
        match event:
            case e.AlertRaised(order_id=order_id):
                return replace(alert, order_id=order_id)
            case e.AlertAcknowledged():
                return replace(alert, acknowledged=True)
            case _:
                assert_never(event)
