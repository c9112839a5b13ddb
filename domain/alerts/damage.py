"""The alert of a stream that cannot be read: what is to be done of it waits, all else goes on."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.alerts.commands import RaiseAlert
from domain.alerts.events import ADMINS
from domain.messages import Actor

KIND: Final = "stream_damaged"
KEEPER: Final = Actor(kind="system", id="orderpath")

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:damage")
_OF_AN_ORDER: Final = ("order-", "timer-")  # with the order's id behind it
_MOST_SAID: Final = 1_000  # characters
_MOST_NAMED: Final = 150  # of a stream's name in the title


def alert_of_damage(stream_id: str, why: str, now: datetime) -> RaiseAlert:
    """Tell the admins that a stream cannot be read: one alert for each stream and day (UTC),
    whichever program comes across it.

    why: what is wrong where, and what to do
    """
    alert_id = uuid5(_NAMESPACE, f"{stream_id}:{now.astimezone(UTC).date()}")
    return RaiseAlert(
        **_about(stream_id),
        command_id=uuid5(alert_id, why),
        actor=KEEPER,
        source="orderpath",
        alert_id=alert_id,
        kind=KIND,
        level="warn",
        title=f"{stream_id[:_MOST_NAMED]} cannot be read: what is due of it waits",
        details=(why[:_MOST_SAID],),
        group=ADMINS,
    )


def _about(stream_id: str) -> dict[str, Any]:
    """Name what it is about: an order, so that only who reaches it hears of it, or the stream."""
    for prefix in _OF_AN_ORDER:
        if stream_id.startswith(prefix):
            return {"order_id": UUID(stream_id.removeprefix(prefix))}
    return {"subject": stream_id}
