"""The alert of a stream that cannot be read: what is to be done of it waits, all else goes on."""

from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.alerts.commands import RaiseAlert
from domain.alerts.daily import alert_of_the_day
from domain.messages import Actor

KIND: Final = "stream_damaged"
KEEPER: Final = Actor(kind="system", id="orderpath")

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:damage")
_OF_AN_ORDER: Final = ("order-", "timer-", "attempt-")  # with the order's id behind it
_OF_A_PERSON: Final = "customer-"  # whom not everybody reaches who hears of alerts
_MOST_SAID: Final = 1_000  # characters
_MOST_NAMED: Final = 150  # of a stream's name in the title


def alert_of_damage(stream_id: str, why: str, now: datetime) -> RaiseAlert:
    """Tell the admins that a stream cannot be read: one alert for each stream and day (UTC),
    whichever program comes across it.

    why: what is wrong where, and what to do
    """
    about = _about(stream_id)
    if not about:
        why = why.replace(stream_id, "…")
    named = stream_id[:_MOST_NAMED] if about else "a person"
    title = f"{named} cannot be read: what is due of it waits"
    told = {"kind": KIND, "title": title, "details": (why[:_MOST_SAID],), **about}
    told |= {"actor": KEEPER, "source": KEEPER.id}
    return alert_of_the_day(_NAMESPACE, stream_id, now, why, **told)


def _about(stream_id: str) -> dict[str, Any]:
    """Name what it is about: an order, so that only who reaches it hears of it, or the stream;
    nothing of a person, whom the log of the program names.
    """
    for prefix in _OF_AN_ORDER:
        if stream_id.startswith(prefix):
            return {"order_id": UUID(stream_id.removeprefix(prefix))}
    if stream_id.startswith(_OF_A_PERSON):
        return {}
    return {"subject": stream_id}
