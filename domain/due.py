"""When a command is decided. What the clock has seen to be due has come, though the machine's clock
may have been set back before the decision: under its id it is asked for once and for all.
"""

from datetime import datetime, timedelta
from typing import Final

from domain.messages import Command
from domain.orders.commands import ExpireReservations
from domain.orders.deadline_commands import PassDeadline
from domain.waves.commands import BeginWave

FURTHEST_BACK: Final = timedelta(days=1)  # that a clock is believed to have been set back


def decided_at(command: Command, received_at: datetime, last: datetime | None) -> datetime:
    """Give the moment of a decision: never before what happened last in the stream, nor before what
    the clock says has come.
    """
    now = received_at if last is None else max(received_at, last)
    if command.actor.kind != "clock":
        return now
    match command:
        case PassDeadline() | ExpireReservations() | BeginWave() if command.due_at is not None:
            return max(now, min(command.due_at, received_at + FURTHEST_BACK))
        case _:
            return now
