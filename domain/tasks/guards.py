"""Conditions on what may happen to a task. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.refusals import Unmet
from domain.tasks.commands import AssignTask, CreateTask
from domain.tasks.task import Task


def task_exists(task: Task) -> Iterator[Unmet]:
    if not task.exists:
        yield Unmet(
            code="task_unknown",
            field="task_id",
            message="There is no such task",
            needed="create it first, or check the id",
        )


def task_is_new(task: Task) -> Iterator[Unmet]:
    if task.exists:
        yield Unmet(
            code="task_exists",
            field="task_id",
            message="There is such a task already",
            needed="another task_id; to repeat a command, send its command_id again",
        )


def somebody_is_named(cmd: CreateTask | AssignTask) -> Iterator[Unmet]:
    if cmd.user is None and cmd.group is None:
        yield Unmet(
            code="task_for_nobody",
            field="user",
            message="Nobody is to do the task",
            needed="user, group, or both",
        )


def task_is_not_done(task: Task) -> Iterator[Unmet]:
    if task.outcome is not None:
        yield Unmet(
            code="task_done",
            field="task_id",
            message=f"The task is done already: {task.outcome}",
            needed="a task that is open",
        )


def task_is_not_dropped(task: Task) -> Iterator[Unmet]:
    if task.dropped_for is not None:
        yield Unmet(
            code="task_dropped",
            field="task_id",
            message=f"Nobody needs to do the task any more: {task.dropped_for}",
            needed="a task that is open, or a new one",
        )
