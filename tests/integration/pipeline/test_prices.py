"""Prices through the pipeline: products and discounts are read with the order, in one load."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest

from domain.messages import Happened
from domain.orders.commands import PlaceOrder
from domain.orders.events import OrderPlaced
from domain.products.commands import PublishProduct
from domain.products.discounts import Discount, SetDiscount
from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import MeddlingLog
from tests.support.examples import NOW, actor
from tests.support.loads import now, open_pipeline, place

ARTICLES = ("TEA-100", "CUP-1", "POT-1")


def publish_product(sku: str, minor: int = 500) -> PublishProduct:
    body = {"title": sku, "unit_price_minor": minor, "currency": "EUR"}
    return PublishProduct(command_id=uuid4(), actor=actor(), sku=sku, **body)


def ask_for(*skus: str) -> PlaceOrder:
    lines = [{"sku": sku, "quantity": 1} for sku in skus]
    return PlaceOrder.model_validate({**place().model_dump(exclude_unset=True), "lines": lines})


def placed(shop: Shop, command: PlaceOrder) -> OrderPlaced:
    (recorded,) = shop.log.load({command.stream_id: 0})[command.stream_id]
    assert isinstance(recorded.event, OrderPlaced)
    return recorded.event


class CountingLog(MeddlingLog):
    """Counts what is asked of the log, by streams."""

    def __init__(self, log: Any) -> None:
        super().__init__(log)
        self.loads: list[set[str]] = []

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        self.loads.append(set(versions))
        return super().load(versions)


def test_v7_the_products_of_an_order_come_with_the_one_load_of_its_batch(shop: Shop) -> None:
    with open_pipeline(shop.url) as other:
        for sku in ARTICLES:
            other.execute(publish_product(sku))
    log = CountingLog(shop.log)
    with Pipeline(log, now) as pipeline:
        command = ask_for(*ARTICLES)
        assert pipeline.execute(command).kind == "accepted"
        assert pipeline.execute(ask_for(*ARTICLES)).kind == "accepted"

    (loaded,) = log.loads  # The second order finds them remembered.
    assert {f"product-{sku}" for sku in ARTICLES} | {"discount-all"} < loaded
    assert [line.unit_price_minor for line in placed(shop, command).lines] == [500] * 3


def test_v7_an_order_that_states_its_prices_reads_no_product(shop: Shop) -> None:
    log = CountingLog(shop.log)
    with Pipeline(log, now) as pipeline:
        assert pipeline.execute(place()).kind == "accepted"

    read = {stream.partition("-")[0] for streams in log.loads for stream in streams}
    assert read <= {"order", "path"}


@pytest.mark.parametrize("what", ["price", "discount"])
def test_v7_a_price_or_discount_that_changes_meanwhile_counts(shop: Shop, what: str) -> None:
    """The order was decided at the old price; by then it is not the price any more."""
    discount = Discount(code="half", percent_bp=5_000, valid_from=NOW)
    half = SetDiscount(command_id=uuid4(), actor=actor(), discount=discount)
    log = MeddlingLog(shop.log)
    with open_pipeline(shop.url) as other, Pipeline(log, now) as pipeline:
        other.execute(publish_product("TEA-100"))

        def overtake(_: object) -> None:
            log.meddle = None
            other.execute(publish_product("TEA-100", 700) if what == "price" else half)

        log.meddle = overtake
        command = ask_for("TEA-100")
        outcome = pipeline.execute(command)

    assert outcome.kind == "accepted"
    totals = placed(shop, command).totals
    assert totals is not None
    assert totals.total_minor == (700 if what == "price" else 250)
    assert len(log.batches) == 2
