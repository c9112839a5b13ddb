"""What the clock and people may say of the deadlines of an order's stay in a status."""

from typing import ClassVar

from domain.messages import Code, Moment
from domain.orders.order_command import OrderCommand
from domain.told_numbers import ToldNumber


class DeadlineCommand(OrderCommand):
    """What concerns a limit of the status in which the order is."""


class PassDeadline(DeadlineCommand):
    """Say that a deadline has come. Nothing if the order has left the stay that it is of."""

    NAME: ClassVar[str] = "order.pass_deadline"

    entered: ToldNumber  # version of the event that entered the status
    level: Code
    due_at: Moment


class SnoozeDeadline(DeadlineCommand):
    """Let the limit end later; what comes after it keeps its distance. The reason is mandatory."""

    NAME: ClassVar[str] = "order.snooze_deadline"
    FOLLOWS_PATH: ClassVar[bool] = True

    until: Moment
