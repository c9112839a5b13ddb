"""What every command to one order has in common."""

from functools import cached_property
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from domain.messages import Command
from domain.orders.events import stream_of
from domain.paths.conditional import When

MAX_CONDITIONS = 20  # of one command
MAX_EARLIER = 20  # commands that may have made a condition untrue


class OrderCommand(Command):
    """A command to one order."""

    FOLLOWS_PATH: ClassVar[bool] = False  # it cannot be decided before the order's path is known

    order_id: UUID
    # Conditions; if one does not hold when it is decided, nothing is done.
    only_if: Annotated[tuple[When, ...], Field(max_length=MAX_CONDITIONS)] = ()
    # Of these conditions, those that commands sent before this one may have made untrue, with the
    # ids of these commands: one of them that has changed something has asked it.
    spent_by: Annotated[
        dict[When, Annotated[tuple[UUID, ...], Field(max_length=MAX_EARLIER)]],
        Field(max_length=MAX_CONDITIONS),
    ] = Field(default_factory=dict)

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.order_id)
