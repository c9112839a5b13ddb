"""Reads one alert or task from the log, its note in clear: for the CLI, later for the API."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.alerts import events as a
from domain.alerts.alert import Alert
from domain.alerts.guards import alert_exists
from domain.messages import Recorded
from domain.refusals import Refusal
from domain.tasks import events as t
from domain.tasks.guards import task_exists
from domain.tasks.task import Task
from services.reading import seen_only
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System


def show_alert(system: "System", alert_id: UUID) -> dict[str, Any]:
    """Give an alert with stable keys (docs/inbox.md). Raises: Refusal alert_unknown"""
    events = seen_only(system, events_of(system.log, a.alert_stream(alert_id)))
    if not events:
        raise Refusal(*alert_exists(Alert()))
    view: dict[str, Any] = {"alert_id": str(alert_id), "version": len(events)}
    for recorded in events:
        view |= _alert_after(recorded)
    return view


def show_task(system: "System", task_id: UUID) -> dict[str, Any]:
    """Give a task with stable keys (docs/inbox.md). Raises: Refusal task_unknown"""
    events = seen_only(system, events_of(system.log, t.task_stream(task_id)))
    if not events:
        raise Refusal(*task_exists(Task()))
    view: dict[str, Any] = {"task_id": str(task_id), "version": len(events)}
    for recorded in events:
        view |= _task_after(recorded)
    return view


def _alert_after(recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case a.AlertRaised() as raised:
            return {
                **raised.model_dump(exclude={"alert_id"}),
                "raised_at": recorded.occurred_at,
                **dict.fromkeys(("acknowledged_at", "acknowledged_by", "note")),
            }
        case a.AlertAcknowledged(note=note):
            return {
                "acknowledged_at": recorded.occurred_at,
                "acknowledged_by": recorded.actor_id,
                "note": note,
            }
        case _:
            return {}


def _task_after(recorded: Recorded) -> dict[str, Any]:
    ended = {"ended_at": recorded.occurred_at, "ended_by": recorded.actor_id}
    match recorded.event:
        case t.TaskCreated() as created:
            return {
                **created.model_dump(),
                "created_at": recorded.occurred_at,
                "created_by": recorded.actor_id,
                "state": "open",
                **dict.fromkeys((*ended, "outcome", "note", "reason_code")),
            }
        case t.TaskAssigned(user=user, group=group):
            return {"user": user, "group": group}
        case t.TaskFinished(outcome=outcome, note=note):
            return {**ended, "state": "done", "outcome": outcome, "note": note}
        case t.TaskDropped(reason_code=why):
            return {**ended, "state": "dropped", "reason_code": why}
        case _:
            return {}
