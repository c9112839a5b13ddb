"""The event of entering a status, whoever leads there: a command, or what an order follows."""

from typing import Any

from domain.orders.context import Situation
from domain.orders.deadlines import deadlines_of, paused_by
from domain.orders.events import StatusChanged


def entering(situation: Situation, target: str, **said: Any) -> StatusChanged:
    """Give the event, with the limits by the calendar of this moment. said: why, if anybody says.

    Raises: Refusal deadline_out_of_reach
    """
    order, path = situation.order, situation.path
    return StatusChanged(
        from_status=order.status,
        to_status=target,
        deadlines=deadlines_of(path, target, situation.now, situation.facts, paused=order.paused),
        paused=paused_by(situation, target),
        **said,
    )
