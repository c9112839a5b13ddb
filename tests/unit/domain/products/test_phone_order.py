"""V2-V4: a whole order by phone is one command, decided at once with prices, goods and delivery."""

from typing import Final
from uuid import UUID

from domain.orders.commands import PlaceOrder
from domain.orders.events import OrderPlaced
from domain.orders.money import AppliedDiscount, Totals
from domain.paths.path import OrderPath
from domain.stock.commands import ReceiveStock
from domain.stock.stock import Stock
from tests.support.examples import EVENTS, ORDER_ID, STOCK, actor
from tests.support.spec import Scenario, given

PHONE: Final = OrderPath.model_validate(
    {
        "path": "phone",
        "stages": ["all"],
        "statuses": {
            "agreed": {
                "stage": "all",
                "on_enter": {"items": {"to": "reserved"}, "stock": "reserve"},
            },
            "done": {"stage": "all", "final": "success"},
            "cancelled": {"stage": "all", "final": "failure"},
        },
        "initial": [{"status": "agreed"}],
        "transitions": [{"from": "agreed", "to": ["done", "cancelled"]}],
        "stock": {"locations": ["main"], "partial": False},
    }
)
OFFER: Final = [
    EVENTS[f"{name}.v1"] for name in ("product.published", "discount.set", "delivery_method.set")
]
WHO: Final = {"command_id": UUID(int=1), "actor": actor("user", "operator")}
CALL: Final = PlaceOrder.model_validate(
    {
        **WHO,
        "order_id": ORDER_ID,
        "path": "phone",
        "channel": "phone",
        "customer": {"name": "Anna Ivanova", "phone": "+7 900 000-00-00"},
        "delivery": {"method": "courier", "address": "1 Main Street"},
        "currency": "EUR",
        "lines": [{"sku": "TEA-100", "quantity": 4}],
        "stated": {"total_minor": 2_100},
    }
)


def shop(pieces: int) -> Scenario:
    """Tea at 5.00 with 10 % off, a courier for 3.00, and so many packets."""
    return given(ReceiveStock(**WHO, sku="TEA-100", quantity=pieces), *OFFER, paths=(PHONE,))


def test_v2_v3_v4_one_command_prices_reserves_and_hands_over_the_order() -> None:
    answer = shop(pieces=9).when(CALL)

    assert answer.unmet == ()
    placed = answer.events[0]
    assert isinstance(placed, OrderPlaced)
    assert placed.totals == Totals(1_800, 0, 300, 300, 2_100)
    assert placed.discounts == (AppliedDiscount(code="spring", item_id="1", amount_minor=200),)
    assert placed.customer == CALL.customer
    assert dict(answer.order.items["1"].pieces) == {"reserved": 4}
    stock = answer.world.state(STOCK)
    assert isinstance(stock, Stock)
    assert (stock.level.reserved, stock.level.available) == (4, 5)


def test_v6_what_is_not_there_is_refused_before_the_customer_hangs_up() -> None:
    answer = shop(pieces=3).when(CALL).then_refused("stock_not_available")

    assert "3 of 4: main 3, 1 missing" in answer.unmet[0].message
