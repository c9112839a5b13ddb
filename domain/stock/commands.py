"""What people and programs may ask of the stock of one article at one location.

Reserving, releasing and committing are no commands: an order's decision calls decide.py.
"""

from functools import cached_property
from typing import ClassVar, Self, get_args

from pydantic import model_validator

from domain.messages import Code, Command, Name
from domain.stock.events import Count, Difference, Pieces, stream_of


class StockCommand(Command):
    """A command to the stock of one article at one location."""

    sku: Name
    location: Code = "main"

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.sku, location=self.location)


class ReceiveStock(StockCommand):
    """Take in goods."""

    NAME: ClassVar[str] = "stock.receive"

    quantity: Pieces
    supplier: Name | None = None  # who sent them


class AdjustStock(StockCommand):
    """Set the books right: to what was counted, or by a difference."""

    NAME: ClassVar[str] = "stock.adjust"

    counted: Count | None = None
    difference: Difference | None = None
    reason_code: Code

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        if (self.counted is None) == (self.difference is None):
            raise ValueError("say what was counted, or the difference")
        return self


class SetThreshold(StockCommand):
    """Say from which quantity on purchasing shall be told; None: no more."""

    NAME: ClassVar[str] = "stock.set_threshold"

    threshold: Count | None


StockWish = ReceiveStock | AdjustStock | SetThreshold

COMMANDS: tuple[type[StockCommand], ...] = get_args(StockWish)
