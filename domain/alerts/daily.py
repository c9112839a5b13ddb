"""Alerts of which one a day is enough, whoever raises them and however often."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from domain.alerts.commands import RaiseAlert
from domain.alerts.events import ADMINS


def alert_of_the_day(namespace: UUID, of: str, at: datetime, cause: str, **told: Any) -> RaiseAlert:
    """Warn the admins of something: the same alert for whatever causes it on a day (UTC).

    namespace: of the ids of alerts of that kind
    of:        what it is about
    told:      the rest of the command
    """
    alert_id = uuid5(namespace, f"{of}:{at.astimezone(UTC).date()}")
    return RaiseAlert(
        **told,
        command_id=uuid5(alert_id, cause),
        alert_id=alert_id,
        level="warn",
        group=ADMINS,
    )
