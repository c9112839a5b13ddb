"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paths.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10m", 600), ("2d", 172_800), ("1h30m", 5_400), ("1w2d3h4m5s", 788_645)],
)
def test_p10_a_duration_is_read_in_its_parts(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "m",
        "10 m",
        "-1m",
        "1.5h",
        "0m",
        10,
        None,
        "9w" * 99,
        "\u0661h",
        "\uff11h",
        "1h\u0663\u0660m",
    ],
)
def test_what_is_no_duration_is_a_value_error(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_a_unit_stands_once() -> None:
    with pytest.raises(ValueError, match=r"'1h1h' says a unit twice: write 10m, 2d or 1h30m"):
        parse_duration("1h1h")


@given(st.integers(1, 10 * 366 * 86_400))
def test_a_duration_is_written_the_way_it_is_read(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration
