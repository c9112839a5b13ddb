"""What people and programs may ask of a task."""

from functools import cached_property
from typing import ClassVar, get_args
from uuid import UUID

from domain.messages import Code, Command, Moment, Name, Text, Written
from domain.paths.asked import CommandAboutOrder
from domain.tasks.events import task_stream
from domain.told_numbers import ToldNumber


class TaskCommand(Command):
    """A command to one task."""

    task_id: UUID

    @cached_property
    def stream_id(self) -> str:
        return task_stream(self.task_id)


class CreateTask(TaskCommand, CommandAboutOrder):
    """Give a user or a group something to do."""

    NAME: ClassVar[str] = "task.create"
    OF_PROGRAMS: ClassVar[tuple[str, ...]] = (
        *CommandAboutOrder.OF_PROGRAMS,
        "rule",
        "rule_version",
    )

    title: Name  # for people; without personal data
    subject: Text | None = None  # a stream, where it is about no order
    user: Name | None = None
    group: Name | None = None
    due_at: Moment | None = None
    rule: Code | None = None  # that wants it
    rule_version: ToldNumber | None = None


class AssignTask(TaskCommand):
    """Let another user or group do it."""

    NAME: ClassVar[str] = "task.assign"

    user: Name | None = None
    group: Name | None = None


class FinishTask(TaskCommand):
    """Say that it is done, and with what outcome."""

    NAME: ClassVar[str] = "task.finish"

    outcome: Code = "done"
    note: Written | None = None


class DropTask(TaskCommand):
    """Say that nobody needs to do it any more, and why."""

    NAME: ClassVar[str] = "task.drop"

    reason_code: Code


TaskWish = CreateTask | AssignTask | FinishTask | DropTask

COMMANDS: tuple[type[TaskCommand], ...] = get_args(TaskWish)
