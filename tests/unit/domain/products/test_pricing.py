"""V7: an order costs what its products cost, less what is in force, with VAT and delivery."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.messages import Decided, Event
from domain.orders.commands import PlaceOrder
from domain.orders.events import OrderPlaced
from domain.orders.money import AppliedDiscount, Line, Totals
from domain.products.discounts import Discount, DiscountEnded, DiscountSet
from domain.products.events import PriceChanged, ProductWithdrawn
from tests.support.examples import DISCOUNT, EVENTS, NOW, ORDER_ID, TEA, actor
from tests.support.spec import Answer, given

SOLD = EVENTS["product.published.v1"]
SPRING = EVENTS["discount.set.v1"]
TEAS = {"sku": "TEA-100", "quantity": 3}


def place(*lines: dict[str, Any], **body: Any) -> PlaceOrder:
    said = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID, "path": "shop"}
    return PlaceOrder.model_validate({**said, "currency": "EUR", "lines": lines, **body})


def placed(answer: Answer) -> OrderPlaced:
    assert not answer.unmet, answer.unmet
    (event,) = answer.events
    assert isinstance(event, OrderPlaced)
    return event


def in_force(**body: Any) -> Decided:
    return Decided(DiscountSet(discount=Discount(**{"valid_from": NOW, **body})), NOW)


def test_v2_v7_a_line_of_only_article_and_quantity_is_its_products() -> None:
    event = placed(given(SOLD).when(place(TEAS, delivery_minor=300)))

    assert event.lines == (
        Line(item_id="1", sku="TEA-100", title="Green tea", quantity=3, unit_price_minor=500,
             vat_bp=2_000),
    )  # fmt: skip
    assert event.totals == Totals(1_500, 0, 300, 250, 1_800)
    assert event.discounts is None


def test_v7_the_price_is_that_of_the_moment_of_the_decision() -> None:
    dearer = PriceChanged(unit_price_minor=600, currency="EUR", vat_bp=1_000)
    event = placed(given(SOLD, dearer).when(place(TEAS)))

    assert [(line.unit_price_minor, line.vat_bp) for line in event.lines] == [(600, 1_000)]


def test_what_a_line_says_besides_is_kept() -> None:
    said = {**TEAS, "item_id": "a", "title": "Sencha", "seller": "s-1", "upsell": True}
    (line,) = placed(given(SOLD).when(place(said))).lines

    assert (line.item_id, line.title, line.seller, line.upsell) == ("a", "Sencha", "s-1", True)


def test_v7_a_line_that_states_its_price_is_taken_as_it_is_where_nobody_asks_for_more() -> None:
    event = placed(given(SOLD, SPRING).when(place(TEA.model_dump() | {"unit_price_minor": 499})))

    assert (event.lines[0].unit_price_minor, event.discounts) == (499, None)


def test_v7_prices_that_are_supplied_are_checked_to_the_minor_unit_each_difference_named() -> None:
    wrong = {**TEAS, "unit_price_minor": 499, "vat_bp": 1_999, "discount_minor": 1}
    answer = given(SOLD).when(place({**TEAS, "unit_price_minor": 500}, wrong))

    answer.then_refused("price_differs", "price_differs", "price_differs")
    assert answer.fields == [
        "lines.1.unit_price_minor", "lines.1.vat_bp", "lines.1.discount_minor"
    ]  # fmt: skip
    assert answer.unmet[0].message == ("unit_price_minor of TEA-100 says 499, it is 500")
    assert [one.needed for one in answer.unmet] == ["500", "2000", "0"]


def test_v7_lines_that_state_everything_are_checked_where_that_is_asked_for() -> None:
    stated = {**TEAS, "item_id": "1", "title": "Tea", "unit_price_minor": 499}
    right = {**stated, "unit_price_minor": 500}

    given(SOLD).when(place(stated, check_prices=True)).then_refused("price_differs")
    event = placed(given(SOLD).when(place(right, check_prices=True)))

    assert (event.lines[0].title, event.lines[0].vat_bp) == ("Tea", 2_000)


def test_v7_a_total_that_is_supplied_is_checked_against_what_the_products_make() -> None:
    right = placed(given(SOLD, SPRING).when(place(TEAS, stated={"total_minor": 1_350})))
    wrong = given(SOLD, SPRING).when(place(TEAS, stated={"goods_minor": 1_500, "vat_minor": 225}))

    assert right.totals is not None
    assert right.totals.total_minor == 1_350
    assert wrong.then_refused("money_mismatch").fields == ["stated.goods_minor"]
    assert wrong.unmet[0].needed == "1350"


def test_v7_discounts_in_force_are_taken_off_and_named() -> None:
    whole = in_force(code="loyal", amount_minor=50, currency="EUR")
    event = placed(given(SOLD, SPRING, whole).when(place(TEAS, discount_minor=100)))

    assert event.lines[0].discount_minor == 150
    assert event.discounts == (
        AppliedDiscount(code="spring", item_id="1", amount_minor=150),
        AppliedDiscount(code="loyal", amount_minor=50),
    )
    assert event.totals == Totals(1_350, 150, 0, 200, 1_200)


@pytest.mark.parametrize(
    "other",
    [
        DiscountEnded(code="spring"),
        DiscountSet(discount=DISCOUNT.model_copy(update={"valid_until": NOW})),
        DiscountSet(discount=DISCOUNT.model_copy(update={"valid_from": NOW + timedelta(days=1)})),
        DiscountSet(discount=DISCOUNT.model_copy(update={"currency": "USD"})),
        DiscountSet(discount=DISCOUNT.model_copy(update={"minimum_minor": 1_501})),
        DiscountSet(discount=DISCOUNT.model_copy(update={"category": "cups"})),
    ],
)
def test_v7_a_discount_that_is_not_in_force_takes_nothing_off(other: Event) -> None:
    event = placed(given(SOLD, SPRING, other).when(place(TEAS)))

    assert (event.lines[0].discount_minor, event.discounts) == (0, None)


def test_of_several_discounts_the_largest_counts_and_of_equal_ones_the_first_by_code() -> None:
    smaller = in_force(code="a", sku="TEA-100", amount_minor=49, currency="EUR")
    equal = in_force(code="b", sku="TEA-100", amount_minor=50, currency="EUR")
    event = placed(given(SOLD, smaller, SPRING, equal).when(place(TEAS)))

    assert event.discounts == (AppliedDiscount(code="b", item_id="1", amount_minor=150),)


def test_a_minimum_counts_all_the_lines_that_the_discount_is_of() -> None:
    one = {"sku": "TEA-100", "quantity": 1}

    assert placed(given(SOLD, SPRING).when(place(one))).discounts is None
    assert len(placed(given(SOLD, SPRING).when(place(one, one))).discounts or ()) == 2


def test_a_discount_on_the_order_takes_at_most_what_is_left_of_it() -> None:
    all_of_it = in_force(code="free", amount_minor=9_999, currency="EUR")
    event = placed(given(SOLD, all_of_it).when(place(TEAS, discount_minor=100, delivery_minor=300)))

    assert event.discounts == (AppliedDiscount(code="free", amount_minor=1_400),)
    assert event.totals is not None
    assert event.totals.total_minor == 300


def test_v7_of_an_unknown_product_a_stated_price_is_accepted_and_none_is_refused() -> None:
    gift = {"sku": "GIFT", "quantity": 2}
    event = placed(given(SOLD).when(place(TEAS, {**gift, "unit_price_minor": 70})))
    answer = given(SOLD).when(place(TEAS, gift, stated={"total_minor": 1}))

    assert event.lines[1] == Line(
        item_id="2", sku="GIFT", title="GIFT", quantity=2, unit_price_minor=70
    )
    assert answer.then_refused("price_unknown").fields == ["lines.1.unit_price_minor"]
    assert answer.unmet[0].message == "There is no product GIFT"


@pytest.mark.parametrize(
    ("history", "body", "why"),
    [
        ([SOLD, ProductWithdrawn()], {}, "is sold no more"),
        ([SOLD], {"currency": "USD"}, "has its price in EUR"),
        ([SOLD], {"vat_included": False}, "contains VAT"),
    ],
)
def test_a_price_that_does_not_fit_the_order_is_none(
    history: list[Event], body: dict[str, Any], why: str
) -> None:
    answer = given(*history).when(place(TEAS, **body)).then_refused("price_unknown")
    stated = placed(given(*history).when(place({**TEAS, "unit_price_minor": 7}, **body)))

    assert why in answer.unmet[0].message
    assert stated.lines[0].unit_price_minor == 7


def test_numbers_that_lines_get_and_those_that_they_have_stand_once() -> None:
    answer = given(SOLD).when(place({**TEAS, "item_id": "2"}, TEAS))

    answer.then_refused("item_exists")


def test_the_largest_amounts_are_refused_and_never_fail() -> None:
    dear = at_price(10**15)
    half = in_force(code="half", percent_bp=5_000)
    answer = given(dear, half).when(place({"sku": "TEA-100", "quantity": 1_000_000}))

    answer.then_refused("amount_too_large")


def at_price(minor: int) -> Event:
    return SOLD.model_copy(update={"unit_price_minor": minor})


COURIER = EVENTS["delivery_method.set.v1"]
BY_COURIER: dict[str, Any] = {"delivery": {"method": "courier"}}


def test_v4_v7_a_delivery_costs_what_its_method_costs() -> None:
    open_line = placed(given(SOLD, COURIER).when(place(TEAS, **BY_COURIER)))
    stated = placed(given(COURIER).when(place(TEA.model_dump(), **BY_COURIER)))

    assert open_line.totals == Totals(1_500, 0, 300, 250, 1_800)
    assert stated.totals == Totals(1_400, 0, 300, 233, 1_700)


def test_v7_a_delivery_is_free_from_what_is_paid_for_the_goods() -> None:
    ten, nine = {**TEAS, "quantity": 10}, {**TEAS, "quantity": 9}
    tenth_off = in_force(code="ten", percent_bp=1_000)
    enough = placed(given(SOLD, COURIER).when(place(ten, **BY_COURIER)))
    too_little = placed(given(SOLD, COURIER).when(place(nine, **BY_COURIER)))
    reduced = placed(given(SOLD, COURIER, tenth_off).when(place(ten, **BY_COURIER)))

    found = [event.totals.delivery_minor for event in (enough, too_little, reduced) if event.totals]
    assert found == [0, 300, 300]


def test_v7_a_delivery_that_is_stated_counts_and_is_compared_where_that_is_asked_for() -> None:
    agreed = {**BY_COURIER, "delivery_minor": 100}
    event = placed(given(SOLD, COURIER).when(place(TEAS, **agreed)))
    checked = given(SOLD, COURIER).when(place(TEAS, **agreed, check_prices=True))

    assert event.totals is not None
    assert event.totals.delivery_minor == 100
    assert checked.then_refused("price_differs").fields == ["delivery_minor"]


def test_v4_a_shop_that_lists_its_methods_knows_the_price_of_no_others() -> None:
    by_post: dict[str, Any] = {"delivery": {"method": "post"}, "stated": {"total_minor": 1}}
    answer = given(SOLD, COURIER).when(place(TEAS, **by_post))
    other_money = given(COURIER).when(place(TEA.model_dump(), **BY_COURIER, currency="USD"))

    assert answer.then_refused("delivery_method_unknown").fields == ["delivery.method"]
    assert answer.unmet[0].needed == "one of courier"
    other_money.then_refused("delivery_method_unknown")


def test_a_shop_without_a_list_takes_any_method_as_it_is_stated() -> None:
    event = placed(given(SOLD).when(place(TEAS, **BY_COURIER)))

    assert event.totals is not None
    assert event.totals.delivery_minor == 0


@pytest.mark.parametrize("line", [{"sku": "TEA-100"}, {**TEAS, "quantity": 0}, {**TEAS, "x": 1}])
def test_a_line_names_an_article_and_how_many(line: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"lines\.0"):
        place(line)
