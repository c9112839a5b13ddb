"""The alert of a time limit that has passed, raised in the decision that says so."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.alerts.events import AlertRaised
from domain.orders.time_left import Deadline

KIND: Final = "deadline"
_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:deadlines")


@lru_cache(maxsize=4_096)  # A decision asks for it at each of its steps.
def alert_id_of(order_id: UUID, since_version: int, level: str) -> UUID:
    """Name the alert of one level of one stay.

    since_version: of the event that began the stay, or put its limit off since
    """
    return uuid5(_NAMESPACE, f"{order_id}:{since_version}:{level}")


def raised(
    order_id: UUID, since_version: int, *, status: str, deadline: Deadline, to: Mapping[str, str]
) -> AlertRaised:
    """Give the alert of a deadline that has passed.

    since_version: of the event that began the stay, or put its limit off since
    to:            user, group, or both: who is to know at this level, as holder, lead, director.
    """
    return AlertRaised(
        alert_id=alert_id_of(order_id, since_version, deadline.level),
        kind=KIND,
        level=deadline.level,
        title=f"{status}: {_said(deadline.level)}",
        order_id=order_id,
        user=to.get("user"),
        group=to.get("group"),
        since=deadline.at,
    )


def _said(level: str) -> str:
    match level:
        case "warn":
            return "the time limit is near"
        case "due":
            return "the time limit has passed"
        case _:
            return f"{level.removeprefix('escalate_')} % of the time limit has passed"
