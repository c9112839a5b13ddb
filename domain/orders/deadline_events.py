"""What can have happened to the deadlines of an order's stay in a status."""

from typing import ClassVar

from pydantic import AwareDatetime

from domain.messages import Code, Event, Moment, Name
from domain.orders.time_left import Deadline


class DeadlineEvent(Event):
    """What both say: of which stay."""

    entered: int  # version of the event that entered the status
    status: Code


class DeadlinePassed(DeadlineEvent):
    """Fact: the order was still in the status when a moment of its limit had come."""

    NAME: ClassVar[str] = "order.deadline_passed.v1"

    level: Code  # warn | due | escalate_<percent>
    due_at: AwareDatetime
    holder_user: Name | None = None  # who was responsible for the order at due_at
    holder_group: Name | None = None
    to_user: Name | None = None  # whom the path names for this level, else for the status
    to_group: Name | None = None


class DeadlineSnoozed(DeadlineEvent):
    """Fact: the limit of this stay ends later than it did. Why stands in the envelope (reason)."""

    NAME: ClassVar[str] = "order.deadline_snoozed.v1"

    until: Moment
    deadlines: tuple[Deadline, ...]  # all that there are from now on
