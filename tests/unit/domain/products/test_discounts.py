"""The list of discounts: what may be put on it, and what is taken off it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.messages import Decided
from domain.products.discounts import (
    MAX_DISCOUNTS,
    Discount,
    DiscountEnded,
    DiscountSet,
    EndDiscount,
    SetDiscount,
)
from domain.products.product import Product
from tests.support.examples import DISCOUNT, EVENTS, NOW, actor
from tests.support.spec import given

SPRING = EVENTS["discount.set.v1"]
ENDED = DiscountEnded(code="spring")
TEN_PERCENT = {"code": "ten", "percent_bp": 1_000}


def set_discount(**body: Any) -> SetDiscount:
    said = {"command_id": UUID(int=1), "actor": actor(), "discount": body}
    return SetDiscount.model_validate(said)


def end(code: str) -> EndDiscount:
    return EndDiscount(command_id=UUID(int=1), actor=actor(), code=code)


def test_a_discount_without_a_beginning_is_in_force_from_now_on() -> None:
    given().when(set_discount(**TEN_PERCENT)).then(
        DiscountSet(discount=Discount(**TEN_PERCENT, valid_from=NOW))
    )


def test_the_same_discount_again_is_nothing_and_another_one_of_its_code_replaces_it() -> None:
    same, later = DISCOUNT.model_dump(), NOW + timedelta(hours=1)
    less = {**same, "percent_bp": 500, "valid_from": later}

    given(SPRING).at(later).when(set_discount(**same)).then_nothing()
    given(SPRING).at(later).when(set_discount(**same | {"valid_from": None})).then_nothing()
    given(SPRING).at(later).when(set_discount(**less)).then(
        DiscountSet(discount=Discount.model_validate(less))
    )


def test_a_discount_is_ended_once() -> None:
    given(SPRING).when(end("spring")).then(ENDED)
    given(SPRING, ENDED).when(end("spring")).then_nothing()
    given(SPRING).when(end("sprung")).then_refused("discount_unknown")


def test_a_discount_that_was_ended_can_be_given_again() -> None:
    given(SPRING, ENDED).when(set_discount(**DISCOUNT.model_dump())).then(SPRING)


def test_a_discount_must_not_be_over_before_it_begins() -> None:
    past = {"valid_until": NOW - timedelta(seconds=1)}
    backwards = {"valid_from": NOW + timedelta(days=2), "valid_until": NOW + timedelta(days=1)}

    given().when(set_discount(**TEN_PERCENT, **past)).then_refused("discount_over")
    given().when(set_discount(**TEN_PERCENT, **backwards)).then_refused("discount_over")


def test_so_many_discounts_are_given_at_once_and_not_one_more() -> None:
    many = [
        Decided(DiscountSet(discount=Discount(code=f"d{n}", percent_bp=1, valid_from=NOW)), NOW)
        for n in range(MAX_DISCOUNTS)
    ]

    given(*many).when(set_discount(**TEN_PERCENT)).then_refused("too_many_discounts")
    given(*many, DiscountEnded(code="d0")).when(set_discount(**TEN_PERCENT)).then(
        DiscountSet(discount=Discount(**TEN_PERCENT, valid_from=NOW + timedelta(minutes=201)))
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"percent_bp": 1_000, "amount_minor": 5, "currency": "EUR"},
        {"percent_bp": 10_001},
        {"percent_bp": 1_000, "sku": "TEA-100", "category": "tea"},
        {"amount_minor": 50},
        {"percent_bp": 1_000, "minimum_minor": 50},
        {"amount_minor": 50, "currency": "EURO"},
    ],
)
def test_a_discount_says_how_much_and_of_what(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="discount"):
        set_discount(code="ten", **wrong)


def test_it_holds_from_its_first_moment_up_to_its_last_and_in_its_currency() -> None:
    until = NOW + timedelta(days=30)

    assert not DISCOUNT.holds("EUR", NOW - timedelta(seconds=1))
    assert DISCOUNT.holds("EUR", NOW)
    assert DISCOUNT.holds("EUR", until - timedelta(seconds=1))
    assert not DISCOUNT.holds("EUR", until)
    assert not DISCOUNT.holds("USD", NOW)


def test_it_is_of_an_article_or_of_a_category_or_of_whole_orders() -> None:
    tea, cup = Product(category="tea"), Product()
    of_article = Discount(code="a", percent_bp=1, sku="TEA-100")
    of_category = Discount(code="c", percent_bp=1, category="tea")
    of_order = Discount(code="o", percent_bp=1)

    assert [of_article.is_of("TEA-100", cup), of_article.is_of("CUP-1", tea)] == [True, False]
    assert [of_category.is_of("X", tea), of_category.is_of("TEA-100", cup)] == [True, False]
    assert [d.is_of_order for d in (of_article, of_category, of_order)] == [False, False, True]


def test_a_percentage_is_rounded_half_to_even_and_an_amount_is_at_most_the_price() -> None:
    percent = Discount(code="p", percent_bp=5_000)
    amount = Discount(code="a", amount_minor=70, currency="EUR")

    assert [percent.off(cost, 1) for cost in (1, 3, 5)] == [0, 2, 2]
    assert [amount.off(500, pieces) for pieces in (1, 3, 8)] == [70, 210, 500]
