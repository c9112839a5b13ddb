"""The event of entering a status, whoever leads there: a command, or what an order follows."""

from typing import Any

from domain.orders.context import Situation
from domain.orders.deadlines import Deadlines, deadlines_of, paused_by
from domain.orders.events import StatusChanged
from domain.refusals import Refusal, Unmet


def entering(
    situation: Situation, target: str, **said: Any
) -> tuple[StatusChanged, tuple[Unmet, ...]]:
    """Give the event, with the limits by the calendar of this moment, and what stands against them:
    working time that no calendar reaches, and then it has none. said: why, if anybody says.
    """
    order, path = situation.order, situation.path
    deadlines: Deadlines = ()
    unmet: tuple[Unmet, ...] = ()
    try:
        deadlines = deadlines_of(
            path, target, situation.now, situation.facts, paused=order.limit.paused
        )
    except Refusal as refusal:
        unmet = refusal.unmet
    changed = StatusChanged(
        from_status=order.status,
        to_status=target,
        deadlines=deadlines,
        paused=paused_by(situation, target),
        **said,
    )
    return changed, unmet
