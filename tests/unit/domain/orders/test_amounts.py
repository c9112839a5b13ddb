"""Texts of a source read as money and numbers, exactly or not at all."""

import pytest

from domain.orders.amounts import basis_points, minor_units, whole_number
from domain.refusals import UnreadableError


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("35.90", "BRL", 3_590),
        ("0", "BRL", 0),
        (" 0.1 ", "BRL", 10),
        ("0.10000", "EUR", 10),
        ("8.70", "BRL", 870),  # As a float it would be 869.
        ("1999", "JPY", 1_999),
        ("1.234", "KWD", 1_234),
        ("10000000000000.00", "BRL", 10**15),
        ("1000000000000000", "JPY", 10**15),
        ("000000000000000000012.50", "EUR", 1_250),
    ],
)
def test_amounts_are_exact(text: str, currency: str, expected: int) -> None:
    assert minor_units(text, "price", currency) == expected


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("", "BRL", "amount_unreadable"),
        ("1,5", "BRL", "amount_unreadable"),
        ("1_000", "BRL", "amount_unreadable"),
        ("+1", "BRL", "amount_unreadable"),
        ("٣", "BRL", "amount_unreadable"),
        ("inf", "BRL", "amount_unreadable"),
        ("1.5", "JPY", "amount_too_fine"),
        ("100000000000000.0000000001", "BRL", "amount_too_fine"),
        ("0" * 100_000 + "x", "BRL", "amount_unreadable"),
    ],
)
def test_what_is_no_amount_says_why(text: str, currency: str, reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        minor_units(text, "price", currency)
    assert (raised.value.reason, raised.value.column) == (reason, "price")


@pytest.mark.parametrize(
    ("text", "currency", "most"),
    [
        ("10000000000000.01", "BRL", "10000000000000.00 BRL"),
        ("9" * 16, "BRL", "10000000000000.00 BRL"),
        ("9" * 100_000, "BRL", "10000000000000.00 BRL"),
        ("99999999999999999.999", "EUR", "10000000000000.00 EUR"),
        ("1000000000000001", "JPY", "1000000000000000 JPY"),
        ("1000000000001", "KWD", "1000000000000.000 KWD"),
    ],
)
def test_an_amount_that_is_too_large_is_told_the_limit(text: str, currency: str, most: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        minor_units(text, "price", currency)
    assert (raised.value.reason, raised.value.column) == ("amount_too_large", "price")
    assert raised.value.message == f"price: the amount is too large, write at most {most}"


def test_a_decimal_comma_is_read_where_the_mapping_says_so() -> None:
    assert minor_units("1234,50", "price", "EUR", ",") == 123_450
    with pytest.raises(UnreadableError):
        minor_units("1.234,50", "price", "EUR", ",")


@pytest.mark.parametrize("text", ["", "-1", "1.0", "11", "1e1", "²"])
def test_numbers_are_whole_and_within_their_bounds(text: str) -> None:
    assert whole_number(" 10 ", "n", 0, 10) == 10
    with pytest.raises(UnreadableError):
        whole_number(text, "n", 0, 10)


@pytest.mark.parametrize(
    ("text", "expected"), [("20", 2_000), (" 7.5 % ", 750), ("0.01%", 1), ("100", 10_000)]
)
def test_percentages_are_exact(text: str, expected: int) -> None:
    assert basis_points(text, "vat") == expected


@pytest.mark.parametrize("text", ["", "%", "-1", "0.001", "100.01", "7,5", "1e1", "²"])
def test_what_is_no_percentage_says_so(text: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        basis_points(text, "vat")
    assert (raised.value.reason, raised.value.column) == ("percentage_unreadable", "vat")
