"""Answers as JSON and back: the same document, times as times."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.plain_json import from_json, to_json

TIMES = st.datetimes(timezones=st.just(UTC))
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | TIMES
ANSWERS = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(ANSWERS)
def test_what_is_read_back_is_written_as_it_was(answer: Any) -> None:
    written = to_json(answer)

    assert to_json(from_json(written)) == written


@given(TIMES)
def test_a_time_comes_back_as_that_moment(moment: datetime) -> None:
    assert from_json(to_json({"at": [moment]})) == {"at": [moment]}


def test_times_are_written_in_utc_and_ids_as_text() -> None:
    there = datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=2)))

    assert to_json([there, UUID(int=1)]) == (
        '["2026-03-02T07:00:00Z", "00000000-0000-0000-0000-000000000001"]'
    )


def test_what_only_looks_like_a_time_stays_a_text() -> None:
    odd = [
        "2026-02-31T00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00:00+00:00",
        "٢٠٢٦-01-01T00:00:00Z",
    ]

    assert from_json(to_json(odd)) == odd
