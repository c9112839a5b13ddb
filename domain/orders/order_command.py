"""What every command to one order has in common."""

from functools import cached_property
from typing import ClassVar
from uuid import UUID

from domain.orders.events import stream_of
from domain.paths.asked import AskedCommand


class OrderCommand(AskedCommand):
    """A command to one order."""

    FOLLOWS_PATH: ClassVar[bool] = False  # it cannot be decided before the order's path is known

    order_id: UUID

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.order_id)
