"""evolve bears whatever stands in the log: it never refuses and never fails."""

from uuid import UUID

import pytest

from domain.messages import Foreseen
from domain.stock import events as e
from domain.stock.stock import Stock
from tests.support.examples import NOW, ORDER_ID

ITEM = {"order_id": ORDER_ID, "item_id": "1"}


@pytest.mark.parametrize(
    "event",
    [
        e.StockReleased(**ITEM, quantity=1, why="cancelled"),
        e.StockCommitted(**ITEM, quantity=1),
        e.ExpiryChanged(**ITEM),
    ],
)
def test_pieces_that_nobody_kept_leave_nothing_kept(event: e.StockEvent) -> None:
    stock = Stock().evolve(Foreseen(event, 1, NOW))

    assert stock.reserved_for(UUID(int=17)) == {}
