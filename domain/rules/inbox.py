"""What rules put into somebody's inbox: tasks and alerts. Called by domain.rules.acts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from domain.alerts import commands as alerts
from domain.alerts.daily import alert_of_the_day
from domain.effects.commands import RequestEffect
from domain.messages import Actor, Command
from domain.refusals import Unmet
from domain.rules import actions as a
from domain.rules.judging import Sight
from domain.rules.line import stream_of
from domain.rules.runs import Case
from domain.tasks.commands import CreateTask

KEEPER: Final = Actor(kind="system", id="rules")

_NAMESPACES: Final = {  # of the ids of alerts, by kind
    "rule_waits": uuid5(NAMESPACE_URL, "orderpath:haste"),
    "template_unfit": uuid5(NAMESPACE_URL, "orderpath:mute"),
}


def to_inbox(
    action: a.GiveTask | a.RaiseAlert, case: Case, envelope: Mapping[str, Any]
) -> Command | None:
    """Give the command for a task or an alert; None: nobody is meant, as the order has no owner."""
    sight, act_id = case.sight, envelope["command_id"]
    whose = _owner(sight) if action.to == "owner" else action.to
    if not whose:
        return None
    at = sight.happened.occurred_at
    told: dict[str, Any] = {
        **envelope,
        "user": whose.get("user"),
        "group": whose.get("group"),
        "order_id": sight.order_id,
        "subject": None if sight.order_id else sight.happened.stream_id,
        "rule": case.of.name,
        "rule_version": case.of.version,
    }
    match action:
        case a.GiveTask(task=title, due=due):
            due_at = None if due is None else at + due
            return CreateTask(**told, task_id=act_id, title=title, due_at=due_at)
        case a.RaiseAlert(alert=title):
            return alerts.RaiseAlert(**told, alert_id=act_id, kind="rule", title=title, since=at)


def _owner(sight: Sight) -> Mapping[Any, str]:
    """Name who holds the order right behind the event, else whom its path names there."""
    order = sight.after
    held = {"user": order.owner_user, "group": order.owner_group}
    named = {kind: name for kind, name in held.items() if name is not None}
    status = sight.path.statuses.get(order.status or "") if sight.path else None
    return named or (status.owner or {} if status else {})


def alert_of_haste(rule: str, version: int, per_minute: int, minute: datetime) -> alerts.RaiseAlert:
    """Tell the admins that a rule gave more within a minute than it may send; the rest waits. That
    is one alert for each version and day (UTC), in however many minutes of it.
    """
    most = "1 command" if per_minute == 1 else f"{per_minute} commands"
    title = f"Rule {rule} waits: it gave more than {most} within a minute"
    return _of_the_day("rule_waits", (rule, version), title, minute, minute.isoformat())


def alert_of_template(
    request: RequestEffect, unmet: Iterable[Unmet], now: datetime
) -> alerts.RaiseAlert | None:
    """Tell the admins that a rule's message went to nobody, as its template cannot be used: one
    alert for each version and day (UTC). None: that is not why it was refused.
    """
    why = next((one for one in unmet if one.field == "template"), None)
    if why is None or request.rule is None or request.rule_version is None:
        return None
    of, because = (request.rule, request.rule_version), f"{why.message[0].lower()}{why.message[1:]}"
    title = f"Rule {request.rule} tells nobody: {because}"
    return _of_the_day("template_unfit", of, title, now, str(request.command_id))


def _of_the_day(
    kind: str, of: tuple[str, int], title: str, at: datetime, cause: str
) -> alerts.RaiseAlert:
    """Give an alert about a rule's version, the same for whatever causes it on a day (UTC)."""
    rule, version = of
    told = {"subject": stream_of(rule), "since": at, "rule": rule, "rule_version": version}
    told |= {"kind": kind, "title": title, "actor": KEEPER, "source": "rules"}
    return alert_of_the_day(_NAMESPACES[kind], f"{rule}:{version}", at, cause, **told)
