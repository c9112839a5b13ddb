"""What is due is said once, also where the machine's clock is set back while that is said."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

from domain.messages import Command, Outcome
from domain.orders.events import DeadlinePassed
from domain.stock.events import stream_of
from services.clock import Submit
from services.reading import stock_now
from tests.integration.clock.shop import Shop
from tests.integration.clock.test_clock import reserve
from tests.support.examples import NOW, TEA
from tests.unit.domain.orders.test_decide_deadlines import DUE, WARN

STEP = timedelta(minutes=1)


def set_back(shop: Shop) -> Submit:
    """Give what hands commands in behind a clock that is set back with each of them."""

    def submit(command: Command) -> Future[Outcome]:
        shop.at(-STEP)
        return shop.system.pipeline.submit(command)

    return submit


def fire(shop: Shop, submit: Callable[..., Any] | None = None) -> int:
    shop.system.catch_up()
    return shop.clock(submit).fire()


def test_every_deadline_passes_though_the_clock_is_set_back_while_it_is_told(shop: Shop) -> None:
    orders = shop.place(3)
    shop.at(WARN)

    assert fire(shop, set_back(shop)) == 3
    shop.at(DUE)
    fire(shop)

    assert shop.counted() == {(one, level): 1 for one in orders for level in ("warn", "due")}
    assert all(
        one.occurred_at >= WARN for one in shop.events() if isinstance(one.event, DeadlinePassed)
    )


def test_reservations_are_given_back_though_the_clock_is_set_back_while_it_is_told(
    shop: Shop,
) -> None:
    reserve(shop)
    shop.at(NOW + timedelta(hours=24))

    assert fire(shop, set_back(shop)) == 1
    assert fire(shop) == 0
    assert stock_now(shop.system, stream_of(TEA.sku, location="main")).level.reserved == 0
