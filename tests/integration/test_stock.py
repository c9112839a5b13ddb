"""One stock, many callers: what is not there is given to nobody."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from domain.messages import Outcome
from domain.orders.commands import CancelOrder, ChangeStatus, PlaceOrder
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.paths.commands import PublishPath
from domain.stock.commands import AdjustStock, ReceiveStock
from infra.event_log import open_log
from tests.support.examples import TEA, actor
from tests.support.loads import open_pipeline
from tests.support.stock_room import StockRoom
from tests.unit.domain.orders.test_goods import path

PIECES, CALLERS, EACH = 100, 64, 2


def test_64_callers_of_two_pipelines_never_take_more_than_there_is(database_url: str) -> None:
    told = {"actor": actor(), "sku": "TEA-100"}
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:
        one.execute(ReceiveStock(command_id=uuid4(), **told, quantity=PIECES))

        def take(caller: int) -> list[Outcome]:
            pipeline = one if caller % 2 else other
            return [
                pipeline.execute(
                    AdjustStock(command_id=uuid4(), **told, difference=-1, reason_code="taken")
                )
                for _ in range(EACH)
            ]

        with ThreadPoolExecutor(CALLERS) as callers:
            outcomes = [one for found in callers.map(take, range(CALLERS)) for one in found]

    kinds = [outcome.kind for outcome in outcomes]
    assert (kinds.count("accepted"), kinds.count("refused")) == (PIECES, CALLERS * EACH - PIECES)
    log = open_log(database_url)
    assert StockRoom(log).stock.level.on_hand == 0
    log.close()


def test_d7_64_orders_at_once_never_reserve_more_than_there_is(database_url: str) -> None:
    """Each reserves one piece of 40, a third of them are cancelled again; two pipelines."""
    told = {"actor": actor(), "sku": TEA.sku}
    line = TEA.model_copy(update={"quantity": 1})
    orders = [uuid4() for _ in range(CALLERS)]
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:
        one.execute(PublishPath(command_id=uuid4(), actor=actor(), definition=path()))
        one.execute(ReceiveStock(command_id=uuid4(), **told, quantity=40))

        def buy(number: int) -> None:
            pipeline = one if number % 2 else other
            who = {"actor": actor(), "order_id": orders[number]}
            pipeline.execute(
                PlaceOrder(command_id=uuid4(), **who, path="shop", currency="EUR", lines=(line,))
            )
            pipeline.execute(ChangeStatus(command_id=uuid4(), **who, to_status="confirmed"))
            if number % 3 == 0:
                why = {"reason_code": "changed_mind", "initiator": "client"}
                pipeline.execute(CancelOrder(command_id=uuid4(), **who, **why))

        with ThreadPoolExecutor(CALLERS) as callers:
            list(callers.map(buy, range(CALLERS)))

    log = open_log(database_url)
    stock = StockRoom(log, sku=TEA.sku).stock
    kept = {}
    for order_id in orders:
        order = Order()
        for recorded in log.load({stream_of(order_id): 0})[stream_of(order_id)]:
            order = order.evolve(recorded)
        if order.goods and order.goods[line.item_id].parts:
            kept[order_id] = order.goods[line.item_id].quantity
    log.close()
    assert stock.level.on_hand == 40
    assert 0 < stock.level.reserved <= 40
    assert {
        who: sum(h.quantity for h in of.values()) for who, of in stock.reservations.items()
    } == kept
    assert not any(orders.index(order_id) % 3 == 0 for order_id in kept)
