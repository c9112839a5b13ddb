"""Conditions on what may happen to an alert. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.alerts.alert import Alert
from domain.alerts.commands import RaiseAlert
from domain.refusals import Unmet


def alert_exists(alert: Alert) -> Iterator[Unmet]:
    if not alert.exists:
        yield Unmet(
            code="alert_unknown",
            field="alert_id",
            message="There is no such alert",
            needed="check the id: `orderpath alert list` names those that are open",
        )


def somebody_is_alerted(cmd: RaiseAlert) -> Iterator[Unmet]:
    if cmd.user is None and cmd.group is None and cmd.role is None:
        yield Unmet(
            code="alert_for_nobody",
            field="user",
            message="The alert is for nobody",
            needed="user, group or role",
        )
