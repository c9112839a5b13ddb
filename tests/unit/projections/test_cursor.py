"""Cursors say exactly where a page ended; what is none is told, whatever it is."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import Unusable
from projections.reports.cursor import NEVER, behind, cursor_of, moment, name, number, page_of

TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def written(told: Any) -> str:
    """Write as a cursor is what none of ours says."""
    return urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


@given(TIMES, st.uuids(), NAMES, st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_cursor_gives_back_what_it_was_written_of(
    at: datetime, one: UUID, text: str, whole: int
) -> None:
    cursor = cursor_of(at, one, text, whole)

    assert cursor.isascii()
    assert behind(cursor, moment, UUID, name, number) == [at, one, text, whole]


def test_a_time_that_is_not_known_stands_behind_all_others() -> None:
    assert behind(cursor_of(None, 1), moment, number) == [NEVER, 1]


def test_without_a_cursor_a_list_begins_at_its_begin() -> None:
    assert behind(None, moment, UUID) == [None, None]


def test_the_last_page_has_no_next() -> None:
    rows = [{"number": one} for one in range(3)]

    assert page_of(rows, 3, "number") == (rows, None)
    page, after = page_of(rows, 2, "number")
    assert page == rows[:2]
    assert behind(after, number) == [1]


@pytest.mark.parametrize(
    "told",
    [
        "", "%", "é", "x" * 4_000, "[" * 3_000, written(None), written([]), written({}), written(1),
        written(["2026-01-01T00:00:00+00:00"]), written(["2026-01-01T00:00:00", "x"]),
        written([1, "x"]), written(["9999999-01-01T00:00:00+00:00", "x"]),
        written([NEVER, "\0"]), written([NEVER, "\ud800"]), written([NEVER, 7]),
        written([NEVER, None]), written([NEVER, "x", "y"]),
    ],
)  # fmt: skip
def test_what_is_no_cursor_of_ours_is_told(told: str) -> None:
    with pytest.raises(Unusable, match="cursor"):
        behind(told, moment, name)


@pytest.mark.parametrize("told", [[2**63], [True], [1.0], ["1"], [[1]]])
def test_a_number_that_nothing_has_is_no_cursor_of_ours(told: Any) -> None:
    with pytest.raises(Unusable, match="cursor"):
        behind(written(told), number)


@pytest.mark.parametrize("told", [7, "7", None, [str(uuid4())]])
def test_an_id_that_is_none_is_no_cursor_of_ours(told: Any) -> None:
    with pytest.raises(Unusable, match="cursor"):
        behind(written([told]), UUID)
