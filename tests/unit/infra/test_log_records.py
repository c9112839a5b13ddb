"""Records of the log topic: what is packed comes out as it was, and nothing else passes for it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from domain.refusals import InfraError
from domain.streaming import Span
from infra.log_records import MAX_BYTES, MAX_EVENTS, pack, split, unpack
from infra.recorded_row import RecordedRow, row_of

LOG_ID = UUID(int=7)
ids = st.none() | st.uuids()
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1))  # noqa: DTZ001
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def rows_of_a_shard(draw: st.DrawFn) -> list[RecordedRow]:
    positions = sorted(draw(st.sets(st.integers(1, 2**62), min_size=1, max_size=5)))
    return [
        row_of(
            (
                "order-" + draw(texts),
                draw(st.integers(1, 2**31 - 1)),
                draw(texts),
                draw(texts).encode(),
                position,
                3,
                draw(ids),
                draw(st.none() | texts),
                draw(ids),
                uuid4(),
                uuid4(),
                draw(ids),
                draw(texts),
                draw(texts),
                draw(st.none() | texts),
                draw(st.none() | texts),
                draw(texts),
                draw(moments),
                draw(moments),
            )
        )
        for position in positions
    ]


def span_of(rows: list[RecordedRow], prev: int = 0) -> Span:
    return Span(LOG_ID, 2, 3, prev, rows[0].position, rows[-1].position)


def a_row(position: int, payload: bytes = b"{}") -> RecordedRow:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    nobody = (None, None, None, UUID(int=1), UUID(int=1), None)
    envelope = ("user", "ann", None, None, "api", now, now)
    return row_of(("order-1", position, "order.x.v1", payload, position, 3, *nobody, *envelope))


@given(rows_of_a_shard())
def test_a_record_comes_out_as_it_was_packed(rows: list[RecordedRow]) -> None:
    message = pack(rows, span_of(rows))

    assert unpack(dict(message.headers), message.value) == (span_of(rows), rows)
    assert message.partition == 3


@given(rows_of_a_shard(), st.data())
def test_a_truncated_record_is_told_from_a_whole_one(
    rows: list[RecordedRow], data: st.DataObject
) -> None:
    message = pack(rows, span_of(rows))
    assert message.value is not None
    cut = message.value[: data.draw(st.integers(0, len(message.value) - 1))]

    with pytest.raises(InfraError, match="not ours"):
        unpack(dict(message.headers), cut)


@pytest.mark.parametrize(
    "change",
    [
        {"first": 4},
        {"last": 8},
        {"prev": 5},
        {"shard": 4},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_record_that_holds_another_part_than_it_says_is_unreadable(
    change: dict[str, Any],
) -> None:
    rows = [a_row(5), a_row(7)]
    message = pack(rows, replace(span_of(rows), **change))

    with pytest.raises(InfraError, match="not what it says"):
        unpack(dict(message.headers), message.value)


def test_a_record_with_a_hole_in_its_middle_is_unreadable() -> None:
    rows = [a_row(5), a_row(6), a_row(9)]
    whole, holed = pack(rows, span_of(rows)), pack([rows[0], rows[2]], span_of(rows))

    with pytest.raises(InfraError, match="not what it says"):
        unpack(dict(whole.headers), holed.value)


@pytest.mark.parametrize(
    "header", ["format", "log_id", "epoch", "shard", "prev", "first", "last", "events"]
)
def test_a_record_without_a_header_or_with_a_strange_one_is_unreadable(header: str) -> None:
    message = pack([a_row(5)], span_of([a_row(5)]))
    headers = dict(message.headers)

    for given_headers in (
        {name: value for name, value in headers.items() if name != header},
        headers | {header: b"\xff"},
    ):
        with pytest.raises(InfraError, match="not ours"):
            unpack(given_headers, message.value)


def test_rows_are_cut_into_records_by_number_and_size() -> None:
    many = [a_row(n) for n in range(1, 2 * MAX_EVENTS + 2)]
    assert [len(part) for part in split(many)] == [MAX_EVENTS, MAX_EVENTS, 1]

    large = [a_row(n, b"x" * (MAX_BYTES // 2)) for n in range(1, 6)]
    assert [len(part) for part in split(large)] == [2, 2, 1]

    huge = [a_row(1), a_row(2, b"x" * (MAX_BYTES + 1)), a_row(3)]
    assert [[row.position for row in part] for part in split(huge)] == [[1], [2], [3]]
    assert list(split([])) == []


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, "order-\0"),
        (1, 0),
        (1, 2**31),
        (4, 2**63),
        (5, 16),
        (13, "ann\0"),
        (17, "2026-03-02T09:00:00"),
        (18, "2026-03-02T09:00:00"),
    ],
)
def test_a_row_that_no_table_of_ours_holds_is_unreadable(at: int, value: Any) -> None:
    message = pack([a_row(5)], span_of([a_row(5)]))
    (row,) = from_json(message.value or b"")
    row[at] = value

    with pytest.raises(InfraError, match="not ours"):
        unpack(dict(message.headers), to_json([row]))


@pytest.mark.parametrize("number", [b"", b" 2", b"+2", b"2_0", b"-2", b"9" * 5_000, b"\xd9\xa2"])
@pytest.mark.parametrize("name", ["epoch", "shard", "prev", "first", "last", "events"])
def test_a_number_that_is_not_written_as_ours_is_unreadable(name: str, number: bytes) -> None:
    message = pack([a_row(5)], span_of([a_row(5)]))

    with pytest.raises(InfraError, match="not ours"):
        unpack({**dict(message.headers), name: number}, message.value)


@pytest.mark.parametrize(
    "strange",
    [
        {"format": b"secret" * 150_000},
        {"log_id": b"\xff" + b"secret" * 150_000},
        {"log_id": b"secret" * 150_000},
        {"events": b"secret" * 150_000},
        {"first": b"9" * 900_000},
    ],
    ids=lambda strange: next(iter(strange)),
)
def test_why_a_record_is_unreadable_names_the_header_and_not_what_it_held(
    strange: dict[str, bytes],
) -> None:
    message = pack([a_row(5)], span_of([a_row(5)]))

    with pytest.raises(InfraError) as caught:
        unpack({**dict(message.headers), **strange}, message.value)

    assert next(iter(strange)) in str(caught.value)
    assert len(str(caught.value)) < 150
