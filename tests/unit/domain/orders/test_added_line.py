"""What a line that is added leaves out is its product's (V7)."""

from typing import Any
from uuid import UUID

import pytest

from domain.messages import Decided, Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.money import Line
from domain.products.events import ProductPublished, ProductWithdrawn
from tests.support.examples import COMMANDS, EVENTS, NOW, ORDER_ID, actor, fact_id
from tests.support.spec import Answer, given

PLACE = COMMANDS["order.place"]
SOLD = ProductPublished(title="Green tea", unit_price_minor=500, currency="EUR", vat_bp=2_000)
ASKED = {"sku": "TEA-100", "quantity": 2}


def add(**line: Any) -> c.AddItem:
    said = {"command_id": UUID(int=3), "actor": actor(), "order_id": ORDER_ID}
    return c.AddItem.model_validate({**said, "line": ASKED | line})


def line_of(answer: Answer) -> Line:
    (event,) = answer.events
    assert isinstance(event, e.ItemAdded)
    return event.line


@pytest.mark.parametrize(
    "said", [{}, {"item_id": "x", "title": "Tea", "unit_price_minor": 450}, {"title": "Tea"}]
)
def test_v7_an_added_line_bears_its_products_vat_and_all_else_that_it_leaves_out(
    said: dict[str, Any],
) -> None:
    known = {"item_id": "2", "title": "Green tea", "unit_price_minor": 500, "vat_bp": 2_000}

    assert line_of(given(PLACE, SOLD).when(add(**said))) == Line(**ASKED | known | said)


def test_what_a_line_says_counts() -> None:
    assert line_of(given(PLACE, SOLD).when(add(vat_bp=700))).vat_bp == 700


@pytest.mark.parametrize("history", [(), (SOLD, ProductWithdrawn())])
def test_a_line_without_a_price_needs_a_product_that_has_one(history: tuple[Event, ...]) -> None:
    answer = given(PLACE, *history).when(add())

    answer.then_refused("price_unknown")
    assert answer.fields == ["line.unit_price_minor"]
    stated = line_of(given(PLACE, *history).when(add(unit_price_minor=1)))
    assert (stated.title, stated.vat_bp) == ("TEA-100", 0)


def test_before_the_path_of_an_order_is_known_its_lines_have_their_products_prices_too() -> None:
    charged = Decided(EVENTS["order.payment_charged.v1"], NOW, fact_id(1))

    given(charged, SOLD).when(add()).then_refused("path_not_pinned")
    given(charged).when(add()).then_refused("path_not_pinned", "price_unknown")


def test_a_line_without_a_number_gets_one_that_is_free() -> None:
    taken = given(PLACE, SOLD, add(item_id="3"))

    assert line_of(taken.when(add())).item_id == "4"
    assert line_of(given(PLACE, SOLD, add(item_id="2"), add()).when(add())).item_id == "4"
