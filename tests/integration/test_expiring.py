"""Whatever is kept beyond its time is given back, however many orders there are."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.orders.commands import PlaceOrder, ReserveItems
from domain.paths.commands import PublishPath
from domain.refusals import InfraError
from domain.stock.commands import ReceiveStock
from domain.stock.events import stream_of
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.expiring import expire_reservations
from services.reading import stock_now
from tests.support.damaged import damaged
from tests.support.examples import NOW, TEA, actor
from tests.unit.domain.orders.test_goods import path

ORDERS = 5


def reserved(system: System, **more: Any) -> UUID:
    """Give an order that one piece of tea is kept for."""
    order_id = uuid4()
    who: dict[str, Any] = {"actor": actor(), "order_id": order_id}
    line = TEA.model_copy(update={"quantity": 1})
    for command in (
        PlaceOrder(command_id=uuid4(), **who, path="shop", currency="EUR", lines=(line,), **more),
        ReserveItems(command_id=uuid4(), **who),
    ):
        assert system.execute(command).kind == "accepted"
    return order_id


def test_v12_every_due_order_is_asked_once_a_page_at_a_time_test_orders_too(
    database_url: str,
) -> None:
    clock = VirtualClock(NOW)
    with open_system(Settings(database_url=database_url), clock) as system:
        system.execute(PublishPath(command_id=uuid4(), actor=actor(), definition=path()))
        system.execute(
            ReceiveStock(command_id=uuid4(), actor=actor(), sku=TEA.sku, quantity=ORDERS)
        )
        due = {reserved(system) for _ in range(ORDERS - 2)} | {reserved(system, test=True)}
        clock.set(NOW + timedelta(hours=23))
        young = reserved(system)
        clock.set(NOW + timedelta(hours=25))

        expired = list(expire_reservations(system, at_once=2))
        level = stock_now(system, stream_of(TEA.sku, location="main")).level

    assert {one.order_id for one in expired} == due
    assert len(expired) == len(due)
    assert {one.outcome.kind for one in expired} == {"accepted"}
    assert young not in due
    assert (level.reserved, level.available) == (1, ORDERS - 1)


def test_v12_an_order_that_cannot_be_read_keeps_no_other_from_giving_back_and_is_named(
    database_url: str,
) -> None:
    clock, settings = VirtualClock(NOW), Settings(database_url=database_url)
    with open_system(settings, clock) as system:
        system.execute(PublishPath(command_id=uuid4(), actor=actor(), definition=path()))
        system.execute(
            ReceiveStock(command_id=uuid4(), actor=actor(), sku=TEA.sku, quantity=ORDERS)
        )
        bad, *well = [reserved(system) for _ in range(ORDERS)]
    clock.set(NOW + timedelta(hours=25))

    with open_system(settings, clock) as system:
        system.catch_up()
        asked = expire_reservations(system, at_once=2)
        with damaged(database_url, f"order-{bad}"):
            expired = [next(asked) for _ in well]
            with pytest.raises(InfraError, match=f"order-{bad}"):
                next(asked)
        again = list(expire_reservations(system))

    assert {one.order_id for one in expired} == {*well}
    assert [(one.order_id, one.outcome.kind) for one in again] == [(bad, "accepted")]
