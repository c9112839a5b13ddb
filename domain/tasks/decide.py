"""decide: from a task and a wish to events, or to everything that stands against it.

An empty list means: already so. services.pipeline decides commands here.
"""

from datetime import datetime
from typing import assert_never, cast

from domain.guards import no_status_is_expected
from domain.messages import Decided, Event, Verdict
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal, Unmet
from domain.tasks import commands as c
from domain.tasks import events as e
from domain.tasks import guards
from domain.tasks.task import Task


def decide(task: Task, cmd: c.TaskCommand, now: datetime) -> list[Decided]:
    """Decide a command. Raises: Refusal with every unmet condition."""
    unmet = [*no_status_is_expected(cmd, "A task"), *time_is_allowed(cmd, now)]
    events, more = _verdict(task, cast(c.TaskWish, cmd))
    if unmet or more:
        raise Refusal(*unmet, *more)
    at = max(now, task.last_occurred_at or now)
    return [Decided(event, at) for event in events]


def _verdict(task: Task, cmd: c.TaskWish) -> Verdict:
    match cmd:
        case c.CreateTask():
            told = cmd.model_dump(include={*e.TaskCreated.model_fields})
            unmet = [*guards.task_is_new(task), *guards.somebody_is_named(cmd)]
            return [e.TaskCreated(**told)], unmet
        case c.AssignTask():
            return _assign(task, cmd)
        case c.FinishTask(outcome=outcome, note=note):
            if task.outcome == outcome:
                return [], []
            return [e.TaskFinished(outcome=outcome, note=note)], _closed(task)
        case c.DropTask(reason_code=why):
            if task.dropped_for == why:
                return [], []
            return [e.TaskDropped(reason_code=why)], _closed(task)
        case _:
            assert_never(cmd)


def _assign(task: Task, cmd: c.AssignTask) -> Verdict:
    unmet = [*_closed(task), *guards.somebody_is_named(cmd)]
    same = (cmd.user, cmd.group) == (task.user, task.group)
    event = e.TaskAssigned(
        user=cmd.user, group=cmd.group, previous_user=task.user, previous_group=task.group
    )
    events: list[Event] = [] if same else [event]
    return events, unmet


def _closed(task: Task) -> list[Unmet]:
    """List what stands against touching a task: it is unknown, or nothing is to be done."""
    return [
        *guards.task_exists(task),
        *guards.task_is_not_done(task),
        *guards.task_is_not_dropped(task),
    ]
