"""What every command to one order has in common."""

from functools import cached_property
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from domain.messages import Command
from domain.orders.events import stream_of
from domain.paths.conditional import When

MAX_CONDITIONS = 20  # of one command


class OrderCommand(Command):
    """A command to one order."""

    FOLLOWS_PATH: ClassVar[bool] = False  # it cannot be decided before the order's path is known

    order_id: UUID
    # Conditions; if one does not hold when it is decided, nothing is done.
    only_if: Annotated[tuple[When, ...], Field(max_length=MAX_CONDITIONS)] = ()

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.order_id)
