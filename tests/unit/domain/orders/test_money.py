"""Money that must add up to the last minor unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.money import (
    MAX_MINOR,
    Line,
    StatedTotals,
    Totals,
    add_up,
    check_size,
    check_totals,
    discount_within_price,
)


def line(price: int, quantity: int = 1, discount: int = 0, vat_bp: int = 0) -> Line:
    return Line(
        item_id="1",
        sku="A",
        title="A",
        quantity=quantity,
        unit_price_minor=price,
        discount_minor=discount,
        vat_bp=vat_bp,
    )


def total(*lines: Line, discount: int = 0, delivery: int = 0, included: bool = True) -> Totals:
    return add_up(lines, discount_minor=discount, delivery_minor=delivery, vat_included=included)


def test_v7_vat_inside_the_prices_is_contained_in_the_total() -> None:
    totals = total(line(1_200, vat_bp=2_000), line(110, vat_bp=1_000))

    assert (totals.goods_minor, totals.vat_minor, totals.total_minor) == (1_310, 210, 1_310)


def test_v7_vat_on_top_is_added_to_the_total() -> None:
    totals = total(line(1_000, vat_bp=2_000), line(100, vat_bp=1_000), included=False)

    assert (totals.goods_minor, totals.vat_minor, totals.total_minor) == (1_100, 210, 1_310)


def test_v7_discounts_and_delivery_are_summed() -> None:
    totals = total(line(500, quantity=3, discount=100), line(99), discount=49, delivery=300)

    assert totals.goods_minor == 1_499
    assert totals.total_minor == 1_499 - 49 + 300


@pytest.mark.parametrize(
    ("price", "vat_bp", "included", "vat"),
    [
        (5, 1_000, False, 0),  # 0.5 goes to the even neighbour
        (15, 1_000, False, 2),  # so does 1.5
        (25, 1_000, False, 2),  # and 2.5
        (100, 2_000, True, 17),  # 16.67
        (10**15, 10_000, True, 5 * 10**14),
    ],
)
def test_v7_vat_is_rounded_half_to_even_once_per_line(
    price: int, vat_bp: int, included: bool, vat: int
) -> None:
    assert total(line(price, vat_bp=vat_bp), included=included).vat_minor == vat


@given(st.integers(0, 10**15), st.integers(1, 1_000_000), st.integers(0, 10_000), st.booleans())
def test_v7_vat_is_exact_for_every_amount(
    price: int, quantity: int, vat_bp: int, included: bool
) -> None:
    exact = Fraction(price * quantity * vat_bp, 10_000 + vat_bp if included else 10_000)

    assert total(line(price, quantity, vat_bp=vat_bp), included=included).vat_minor == round(exact)


def test_v7_stated_totals_are_checked_to_the_minor_unit() -> None:
    lines = (line(1_200, vat_bp=2_000),)
    right = StatedTotals(goods_minor=1_200, vat_minor=200, total_minor=1_200)
    wrong = StatedTotals(goods_minor=1_201, vat_minor=199, total_minor=1_199)

    assert check_totals(lines, total(*lines), right) == []
    unmet = check_totals(lines, total(*lines), wrong)
    assert [(u.code, u.field, u.needed) for u in unmet] == [
        ("money_mismatch", "stated.goods_minor", "1200"),
        ("money_mismatch", "stated.vat_minor", "200"),
        ("money_mismatch", "stated.total_minor", "1200"),
    ]


def test_v7_what_is_not_stated_is_not_checked() -> None:
    lines = (line(1_200),)

    assert check_totals(lines, total(*lines), StatedTotals(vat_minor=0)) == []
    assert check_totals(lines, total(*lines), None) == []


def test_a_total_is_at_most_what_a_table_can_hold() -> None:
    assert check_size(total(line(MAX_MINOR))) == []
    (unmet,) = check_size(total(line(MAX_MINOR), delivery=1))
    assert unmet.code == "amount_too_large"


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.booleans())
def test_v7_a_discount_is_cut_to_what_is_left_and_the_breakdown_adds_up(
    price: int, discount: int, delivery: int, included: bool
) -> None:
    before = total(
        line(price, vat_bp=1_000), discount=discount, delivery=delivery, included=included
    )
    after = discount_within_price(before)

    on_top = 0 if included else after.vat_minor
    assert after.total_minor == max(0, before.total_minor)
    assert 0 <= after.discount_minor <= before.discount_minor
    assert (
        after.total_minor
        == after.goods_minor - after.discount_minor + after.delivery_minor + on_top
    )


@pytest.mark.parametrize(
    ("included", "vat", "total_minor"), [(True, 150, 900), (False, 180, 1_080)]
)
def test_v7_a_discount_on_the_whole_order_lowers_its_vat(
    included: bool, vat: int, total_minor: int
) -> None:
    """1000 of goods at 20 %, 100 off: the tax office gets its part of 900."""
    totals = total(
        line(600, vat_bp=2_000), line(400, vat_bp=2_000), discount=100, included=included
    )

    assert (totals.vat_minor, totals.total_minor) == (vat, total_minor)


def test_v7_the_order_of_the_lines_is_nowhere_in_the_totals() -> None:
    """8 off 16 at 20 % and 8 at 10 %: whoever is served first decides whether VAT is 2 or 3."""
    dear = line(16, vat_bp=2_000)
    cheap = line(8, vat_bp=1_000).model_copy(update={"item_id": "2"})

    totals = total(dear, cheap, discount=8, included=False)

    assert totals == total(cheap, dear, discount=8, included=False)
    assert totals.vat_minor == 2


def test_v7_each_vat_rate_bears_its_share_of_the_discount() -> None:
    totals = total(line(750, vat_bp=2_000), line(250, vat_bp=0), discount=100, included=False)

    assert totals.vat_minor == 135  # 20 % of 750 - 75


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=9),
    st.integers(0, 10**6),
    st.integers(0, 10_000),
)
def test_v7_a_discount_is_shared_out_to_the_last_minor_unit(
    prices: list[int], discount: int, vat_bp: int
) -> None:
    """With one rate and a VAT on top, splitting changes the sum by the rounding only."""
    discount = min(discount, sum(prices))
    totals = total(
        *[line(price, vat_bp=vat_bp) for price in prices], discount=discount, included=False
    )

    exact = Fraction((sum(prices) - discount) * vat_bp, 10_000)
    assert abs(totals.vat_minor - exact) <= Fraction(len(prices), 2)
