"""Currencies are those of ISO 4217, with the decimals that it gives them."""

import re

import pytest

from domain.orders.currencies import DIGITS, digits_of, known_currency


@pytest.mark.parametrize(
    ("code", "digits"),
    [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("SLE", 2), ("XCG", 2), ("DEM", 2)],
)
def test_a_currency_has_its_decimals(code: str, digits: int) -> None:
    assert (known_currency(code), digits_of(code)) == (code, digits)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("XXQ", "'XXQ' is no currency of ISO 4217: "),
        ("XAU", "is no currency"),  # Gold has no minor unit.
        ("XXX", "is no currency"),
        ("eur", "did you mean EUR?"),
        ("EURO", "did you mean EUR?"),
        ("", "write its code, as EUR"),
        ("€" * 100_000, "write its code, as EUR"),
    ],
)
def test_an_unknown_code_is_told_what_to_write(code: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)) as raised:
        known_currency(code)
    assert len(str(raised.value)) < 200


def test_an_amount_that_the_log_holds_in_an_unknown_currency_is_still_shown() -> None:
    assert digits_of("XXQ") == 2


def test_every_code_has_the_shape_that_the_log_takes() -> None:
    assert [code for code in DIGITS if not re.fullmatch("[A-Z]{3}", code)] == []
    assert len(DIGITS) > 200
