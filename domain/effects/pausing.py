"""An outlet that is paused since it fails, and the alert of it, in one decision: it stands still
until somebody resumes it, so nobody may miss that. Called by domain.catalog.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.alerts.events import ADMINS, AlertRaised, alert_stream
from domain.effects.endpoints import Endpoint, PauseEndpoint, decide
from domain.messages import Decided

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:endpoint_paused")
_CALLED: Final = {"mail": "The mail server", "sms": "The SMS gateway"}


def alert_beside(command: PauseEndpoint, endpoint: Endpoint) -> tuple[str, ...]:
    """Name the stream of the alert that pausing raises; none if a person pauses it."""
    if command.failures is None:
        return ()
    return (alert_stream(_alert_id(command, endpoint)),)


def pause(
    command: PauseEndpoint, states: Mapping[str, Any], now: datetime
) -> Mapping[str, list[Decided]]:
    """Pause an endpoint and alert the admins; what is paused already is nothing. Raises: Refusal"""
    endpoint: Endpoint = states[command.stream_id]
    decided = decide(endpoint, command, now)
    decision = {command.stream_id: decided}
    if decided and command.failures is not None:
        alert = _alert(command, _alert_id(command, endpoint), command.failures, now)
        decision[alert_stream(alert.alert_id)] = [Decided(alert, now)]
    return decision


def _alert_id(command: PauseEndpoint, endpoint: Endpoint) -> UUID:
    """Each pause has its own."""
    return uuid5(_NAMESPACE, f"{command.endpoint}:{endpoint.version + 1}")


def _alert(command: PauseEndpoint, alert_id: UUID, failures: int, now: datetime) -> AlertRaised:
    what = _CALLED.get(command.endpoint, f"Endpoint {command.endpoint}")
    times = "" if failures == 1 else f" {failures} times in a row"
    return AlertRaised(
        alert_id=alert_id,
        kind="endpoint_paused",
        level="warn",
        title=f"{what} failed{times} and is paused: what is for it waits",
        subject=command.stream_id,
        group=ADMINS,
        since=now,
    )
