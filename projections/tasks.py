"""Read model `tasks`: who is to do what by when, and what came of it. Notes stay in the log."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.tasks import events as e
from projections.interface import Tx, write


class Tasks:
    """One row per task."""

    name: Final = "tasks"
    version: Final = 1
    tables: Final = ("tasks",)
    ddl: Final[LiteralString] = """
        create table tasks (
            task_id         uuid primary key,
            title           text not null,
            order_id        uuid,
            subject         text, -- a stream, where it is about no order
            to_user         text,
            to_group        text,
            due_at          timestamptz,
            created_at      timestamptz not null,
            created_by_kind text not null,
            created_by      text not null,
            rule            text,
            rule_version    integer,
            assigned_at     timestamptz not null, -- since when it is with whoever has it
            state           text not null default 'open', -- open, done, dropped
            ended_at        timestamptz,
            ended_by        text,
            outcome         text,
            reason_code     text,
            position        bigint not null, -- of the task's first event
            recorded_at     timestamptz not null
        );
        create index tasks_open on tasks (due_at) where state = 'open';
        create index tasks_of_order on tasks (order_id);
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Write what is to be done, then who has it last, then what came of it."""
        created = [
            _created(one, one.event) for one in batch if isinstance(one.event, e.TaskCreated)
        ]
        assigned = {
            one.entity_id: _assigned(one, one.event)
            for one in batch
            if isinstance(one.event, e.TaskAssigned)
        }
        ended = [row for one in batch if (row := _ended(one))]
        write(tx, _INSERT, created)
        write(tx, _ASSIGN, assigned.values())
        write(tx, _END, ended)


def _created(recorded: Recorded, event: e.TaskCreated) -> dict[str, Any]:
    told = event.model_dump(exclude={"user", "group"})
    return told | {
        "task_id": recorded.entity_id,
        "to_user": event.user,
        "to_group": event.group,
        "created_at": recorded.occurred_at,
        "created_by_kind": recorded.actor_kind,
        "created_by": recorded.actor_id,
        "assigned_at": recorded.occurred_at,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _assigned(recorded: Recorded, event: e.TaskAssigned) -> dict[str, Any]:
    return {
        "task_id": recorded.entity_id,
        "to_user": event.user,
        "to_group": event.group,
        "assigned_at": recorded.occurred_at,
    }


def _ended(recorded: Recorded) -> dict[str, Any] | None:
    row = {
        "task_id": recorded.entity_id,
        "ended_at": recorded.occurred_at,
        "ended_by": recorded.actor_id,
    }
    match recorded.event:
        case e.TaskFinished(outcome=outcome):
            return row | {"state": "done", "outcome": outcome}
        case e.TaskDropped(reason_code=why):
            return row | {"state": "dropped", "reason_code": why}
        case _:
            return None


_INSERT: Final = """
    insert into tasks (task_id, title, order_id, subject, to_user, to_group, due_at, created_at,
                       created_by_kind, created_by, rule, rule_version, assigned_at, position,
                       recorded_at)
    select * from json_to_recordset(%s::json) as x(
        task_id uuid, title text, order_id uuid, subject text, to_user text, to_group text,
        due_at timestamptz, created_at timestamptz, created_by_kind text, created_by text,
        rule text, rule_version integer, assigned_at timestamptz, position bigint,
        recorded_at timestamptz)
"""

_ASSIGN: Final = """
    update tasks t set
        to_user = x.to_user, to_group = x.to_group, assigned_at = x.assigned_at
    from json_to_recordset(%s::json) as x(
        task_id uuid, to_user text, to_group text, assigned_at timestamptz)
    where t.task_id = x.task_id
"""

_END: Final = """
    update tasks t set
        state = x.state, ended_at = x.ended_at, ended_by = x.ended_by, outcome = x.outcome,
        reason_code = x.reason_code
    from json_to_recordset(%s::json) as x(
        task_id uuid, state text, ended_at timestamptz, ended_by text, outcome text,
        reason_code text)
    where t.task_id = x.task_id
"""
