"""A deadline that has passed and the alert of it, in one decision: nobody hears of one without the
other. Called by domain.catalog.
"""

from collections.abc import Mapping

from domain.alerts.alert import Alert
from domain.alerts.deadlines import alert_id_of, raised
from domain.alerts.events import alert_stream
from domain.messages import Decided
from domain.orders.commands import PassDeadline
from domain.orders.events import DeadlinePassed
from domain.orders.order import Order
from domain.orders.time_left import Deadline


def alert_beside(command: PassDeadline, order: Order) -> str:
    """Name the stream of the alert that the deadline raises; another one once it was put off."""
    return alert_stream(alert_id_of(command.order_id, order.limit.since, command.level))


def with_alert(
    command: PassDeadline, order: Order, alert: Alert, decided: list[Decided]
) -> Mapping[str, list[Decided]]:
    """Add the alert to what was decided on the order, if anything was and anybody is to know."""
    decision = {command.stream_id: decided}
    for one in decided:
        if (
            isinstance(one.event, DeadlinePassed)
            and (to := _told(one.event, order))
            and not alert.exists
        ):
            deadline = Deadline(one.event.level, one.event.due_at)
            event = raised(
                command.order_id,
                order.limit.since,
                status=one.event.status,
                deadline=deadline,
                to=to,
            )
            decision[alert_beside(command, order)] = [Decided(event, one.occurred_at)]
    return decision


def _told(passed: DeadlinePassed, order: Order) -> Mapping[str, str]:
    """An escalation goes to all whom the path names for it; all else to whoever holds the order by
    now, as it is to be done, or to all who own the status.
    """
    holder = _somebody(order.owner_user, order.owner_group)
    who = {"user": passed.to_user, "group": passed.to_group}
    named = {kind: name for kind, name in who.items() if name is not None}
    return (named or holder) if passed.level.startswith("escalate_") else (holder or named)


def _somebody(user: str | None, group: str | None) -> Mapping[str, str]:
    """A person, rather than the whole group."""
    if user is not None:
        return {"user": user}
    return {"group": group} if group is not None else {}
