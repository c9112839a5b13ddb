"""One stock, many callers: what is not there is given to nobody."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from domain.messages import Outcome
from domain.stock.commands import AdjustStock, ReceiveStock
from infra.event_log import open_log
from tests.support.examples import actor
from tests.support.loads import open_pipeline
from tests.support.stock_room import StockRoom

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
