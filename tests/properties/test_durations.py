"""Durations: what is written is read again, whatever it was."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paths.durations import format_duration, parse_duration
from domain.paths.limits import MAX_LIMIT

SECONDS = st.integers(1, int(MAX_LIMIT.total_seconds()))
SIZES = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


@given(SECONDS)
def test_a_written_duration_is_read_as_the_same(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration


PARTS = st.tuples(st.integers(0, 999), st.sampled_from("wdhms"))


@given(st.lists(PARTS, min_size=1, max_size=5, unique_by=lambda part: part[1]))
def test_the_parts_of_a_duration_add_up(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{amount}{unit}" for amount, unit in parts)
    seconds = sum(amount * SIZES[unit] for amount, unit in parts)

    if seconds:
        assert parse_duration(text) == timedelta(seconds=seconds)
    else:
        with pytest.raises(ValueError, match="longer than zero"):
            parse_duration(text)


@given(st.lists(PARTS, min_size=1, max_size=4), PARTS, st.integers(0, 999))
def test_a_unit_that_stands_twice_is_refused(
    parts: list[tuple[int, str]], twice: tuple[int, str], again: int
) -> None:
    said = [*parts[:3], twice, (again, twice[1])]

    with pytest.raises(ValueError, match="says a unit twice"):
        parse_duration("".join(f"{amount}{unit}" for amount, unit in said))


@given(st.text(max_size=30).filter(lambda text: not text[:1].isdigit()))
def test_any_other_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write 10m, 2d or 1h30m"):
        parse_duration(text)


def test_a_duration_is_written_in_its_largest_units() -> None:
    assert format_duration(parse_duration("90m")) == "1h30m"
    assert format_duration(parse_duration("2w")) == "14d"
    assert format_duration(parse_duration("1h30m")) == "1h30m"
