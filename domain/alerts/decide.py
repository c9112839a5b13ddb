"""decide: from an alert and a wish to events, or to everything that stands against it.

An empty list means: already so. Decisions about something else raise an alert with their own
events: see domain.alerts.deadlines and domain.paths.touched.
"""

from datetime import datetime
from typing import assert_never, cast

from domain.alerts import commands as c
from domain.alerts import events as e
from domain.alerts import guards
from domain.alerts.alert import Alert
from domain.guards import no_status_is_expected
from domain.messages import Decided, Event
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal


def decide(alert: Alert, cmd: c.AlertCommand, now: datetime) -> list[Decided]:
    """Decide a command. Raises: Refusal with every unmet condition."""
    unmet = [*no_status_is_expected(cmd, "An alert"), *time_is_allowed(cmd, now)]
    wish = cast(c.AlertWish, cmd)
    match wish:
        case c.RaiseAlert():
            unmet += guards.somebody_is_alerted(wish)
            told = wish.model_dump(include={*e.AlertRaised.model_fields})
            event: Event = e.AlertRaised(**{**told, "since": wish.since or now})
            already = alert.exists
        case c.AcknowledgeAlert(note=note):
            unmet += guards.alert_exists(alert)
            event = e.AlertAcknowledged(note=note)
            already = alert.acknowledged
        case _:
            assert_never(wish)
    if unmet:
        raise Refusal(*unmet)
    return [] if already else [Decided(event, max(now, alert.last_occurred_at or now))]
