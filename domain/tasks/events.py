"""Everything that can have happened to a task. Stored names are contracts for ever."""

from typing import Annotated, ClassVar, get_args
from uuid import UUID

from pydantic import Field

from domain.messages import Code, Event, Moment, Name, Text, Written


class TaskCreated(Event):
    """Fact: somebody is to do something. Whoever wants it, person or rule, is the actor."""

    NAME: ClassVar[str] = "task.created.v1"

    title: Name  # what is to be done, for people; without personal data
    order_id: UUID | None = None  # that it is about
    subject: Text | None = None  # the stream that it is about, where that is no order's
    user: Name | None = None  # who is to do it; at least one of the two is named
    group: Name | None = None
    due_at: Moment | None = None  # None: whenever
    rule: Code | None = None  # None: a person or a program wants it
    rule_version: Annotated[int, Field(ge=1)] | None = None


class TaskAssigned(Event):
    """Fact: somebody else is to do it."""

    NAME: ClassVar[str] = "task.assigned.v1"

    user: Name | None = None
    group: Name | None = None
    previous_user: Name | None = None
    previous_group: Name | None = None


class TaskFinished(Event):
    """Fact: it is done."""

    NAME: ClassVar[str] = "task.finished.v1"

    outcome: Code
    note: Written | None = None


class TaskDropped(Event):
    """Fact: nobody needs to do it any more."""

    NAME: ClassVar[str] = "task.dropped.v1"

    reason_code: Code


TaskEvent = TaskCreated | TaskAssigned | TaskFinished | TaskDropped

TASK_EVENTS: tuple[type[Event], ...] = get_args(TaskEvent)


def task_stream(task_id: UUID) -> str:
    """Give the stream of a task."""
    return f"task-{task_id}"
