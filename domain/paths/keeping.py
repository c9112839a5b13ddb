"""Where an order's goods come from and how long they are kept for it."""

from typing import Annotated

from pydantic import Field

from domain.messages import Code, Shape
from domain.stock.policies import DEFAULT_EXPIRY, ExpiryPolicy

MAX_LOCATIONS = 20  # each is a stream to read for every article of an order


class StockRules(Shape):
    """The stock that a path's reservations are made on."""

    locations: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MAX_LOCATIONS)]  # in turn
    partial: bool = True  # False: all of an order's pieces are reserved, or none
    keep: ExpiryPolicy = DEFAULT_EXPIRY
