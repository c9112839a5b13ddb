"""The state of a task and how events change it. evolve never refuses and looks nothing up."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never, cast
from uuid import UUID

from domain.messages import Happened
from domain.tasks import events as e


@dataclass(frozen=True, slots=True)
class Task:
    """One task as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a task is no person's data
    order_id: UUID | None = None  # that it is about
    user: str | None = None
    group: str | None = None
    outcome: str | None = None  # it is done
    dropped_for: str | None = None  # why nobody needs to do it any more

    @property
    def exists(self) -> bool:
        return self.version > 0

    def evolve(self, happened: Happened) -> "Task":
        """Give the task after one more event."""
        task = replace(self, version=happened.version, last_occurred_at=happened.occurred_at)
        event = cast(e.TaskEvent, happened.event)
        match event:
            case e.TaskCreated(order_id=order_id, user=user, group=group):
                return replace(task, order_id=order_id, user=user, group=group)
            case e.TaskAssigned(user=user, group=group):
                return replace(task, user=user, group=group)
            case e.TaskFinished(outcome=outcome):
                return replace(task, outcome=outcome)
            case e.TaskDropped(reason_code=why):
                return replace(task, dropped_for=why)
            case _:
                assert_never(event)
