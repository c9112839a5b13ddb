"""Decisions about calls. They are logged whatever the order's path says, also when it has ended."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from domain.messages import Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.order import Order
from domain.orders.timeline import EARLIEST
from domain.refusals import Unmet

MAX_CALLS: Final = 1_000  # of one order


def log_call(order: Order, cmd: c.LogCall, at: datetime) -> Verdict:
    """Write a call down; at: the moment of the event, to which it had been talked."""
    told = guards.tells_fact(cmd)
    talked = timedelta(seconds=cmd.talk_seconds)
    event = e.CallLogged(
        direction=cmd.direction,
        result=cmd.result,
        started_at=cmd.started_at or max(at, EARLIEST[0] + talked) - talked,
        talk_seconds=cmd.talk_seconds,
        operator=cmd.operator if told else cmd.actor.id,
    )
    return [event], [
        *guards.moment_has_come(event.started_at, at, "started_at"),
        *(() if told else _operator_acts(cmd)),
        *_there_is_room(order),
    ]


def _operator_acts(cmd: c.LogCall) -> Iterator[Unmet]:
    """Figures of people are made of this, so nobody logs calls for others."""
    if cmd.operator not in (None, cmd.actor.id):
        yield Unmet(
            code="operator_differs",
            field="operator",
            message="Whoever acts logs calls of their own",
            needed="leave operator out, or let the telephony program tell the call",
        )


def _there_is_room(order: Order) -> Iterator[Unmet]:
    if order.calls >= MAX_CALLS:
        yield Unmet(
            code="too_many_calls",
            message=f"The order has {order.calls} calls already",
            needed=f"at most {MAX_CALLS}",
        )
