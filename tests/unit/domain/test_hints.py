"""What people are told about a name that does not exist."""

from domain.hints import hint, nearest


def test_a_name_that_comes_near_is_the_one_that_was_meant() -> None:
    assert nearest("prize", ["price", "seller"]) == "price"
    assert hint("prize", ["price", "seller"]) == ": did you mean price?"


def test_where_nothing_comes_near_the_names_are_told() -> None:
    assert nearest("x", ["price", "seller"]) is None
    assert hint("x", ["price", "seller"]) == ": write one of price, seller"


def test_a_hint_stays_short_whatever_was_written() -> None:
    many = [f"n{number}" for number in range(1_000)]

    assert hint("x" * 1_000_000, [*many, "y" * 65]) == ": write one of " + ", ".join(many[:30])
