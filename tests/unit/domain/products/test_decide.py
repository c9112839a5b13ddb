"""What may be asked of a product, and what comes of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.products import commands as c
from domain.products import events as e
from domain.products.product import Product
from tests.support.examples import COMMANDS, EVENTS, NOW, PRODUCT, actor
from tests.support.spec import Scenario, given

SOLD = EVENTS["product.published.v1"]
PUBLISH = COMMANDS["product.publish"]
WITHDRAWN = e.ProductWithdrawn()


def change(**body: Any) -> c.ChangeProduct:
    return c.ChangeProduct(command_id=UUID(int=1), actor=actor(), sku="TEA-100", **body)


def product(scenario: Scenario) -> Product:
    found = scenario.world.state(PRODUCT)
    assert isinstance(found, Product)
    return found


def test_a_product_is_published_with_all_that_there_is_to_say() -> None:
    given().when(PUBLISH).then(SOLD)


def test_publishing_what_is_so_already_is_nothing() -> None:
    given(SOLD).when(PUBLISH).then_nothing()


def test_publishing_again_tells_only_what_differs() -> None:
    dearer = PUBLISH.model_copy(update={"unit_price_minor": 600, "category": None})

    given(SOLD).when(dearer).then(
        e.ProductDescribed(title="Green tea", supplier="Leaf & Co."),
        e.PriceChanged(unit_price_minor=600, currency="EUR", vat_bp=2_000),
    )


def test_what_was_withdrawn_is_sold_again_once_it_is_published() -> None:
    given(SOLD, WITHDRAWN).when(PUBLISH).then(SOLD)


def test_v7_a_price_holds_from_the_moment_on_in_which_it_was_changed() -> None:
    changed = e.PriceChanged(unit_price_minor=550, currency="EUR", vat_bp=2_000)
    scenario = given(SOLD)
    before = product(scenario)

    scenario.at(NOW + timedelta(days=3)).when(change(unit_price_minor=550)).then(changed)

    after = product(scenario)
    assert (before.unit_price_minor, before.price_since) == (500, NOW)
    assert (after.unit_price_minor, after.price_since) == (550, NOW + timedelta(days=3))


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    given(SOLD).when(change(title="Sencha")).then(
        e.ProductDescribed(title="Sencha", supplier="Leaf & Co.", category="tea")
    )
    given(SOLD).when(change(title="Green tea", vat_bp=2_000)).then_nothing()


def test_only_a_product_that_is_sold_is_changed() -> None:
    given().when(change(vat_bp=0)).then_refused("product_unknown")
    given(SOLD, WITHDRAWN).when(change(vat_bp=0)).then_refused("product_withdrawn")


def test_a_product_is_withdrawn_once() -> None:
    withdraw = COMMANDS["product.withdraw"]

    given(SOLD).when(withdraw).then(WITHDRAWN)
    given(SOLD, WITHDRAWN).when(withdraw).then_nothing()
    given().when(withdraw).then_refused("product_unknown")


def test_everything_that_is_unmet_is_said_at_once() -> None:
    odd = change(vat_bp=0).model_copy(
        update={"expected_status": "new", "occurred_at": NOW + timedelta(days=1)}
    )

    given().when(odd).then_refused(
        "status_differs", "time_not_allowed", "time_in_future", "product_unknown"
    )


@pytest.mark.parametrize(
    "wrong",
    [{"unit_price_minor": -1}, {"currency": "EURO"}, {"vat_bp": 10_001}, {"title": ""}],
)
def test_a_product_that_makes_no_sense_is_no_command(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        c.PublishProduct.model_validate(PUBLISH.model_dump() | wrong)
