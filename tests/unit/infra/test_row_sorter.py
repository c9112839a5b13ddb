"""Rows sorted by order, in memory and through temporary files alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.row_sorter import RowSorter, SortedRow

Groups = list[tuple[str, list[SortedRow]]]


def sort(rows: list[SortedRow], memory_bytes: int, most: int = 1_000) -> Groups:
    with RowSorter(memory_bytes) as sorter:
        for row in rows:
            sorter.add(*row)
        first = [(order, found) for order, found, _ in sorter.groups(most)]
        assert [(order, found) for order, found, _ in sorter.groups(most)] == first
        return first


ROWS = st.lists(
    st.tuples(
        st.text(max_size=3),
        st.integers(0, 9),
        st.lists(st.text(max_size=5), max_size=2),
        st.integers(1, 99),
    )
)


@given(ROWS)
def test_files_change_nothing(rows: list[SortedRow]) -> None:
    assert sort(rows, memory_bytes=100) == sort(rows, memory_bytes=1_000_000)


@given(ROWS)
def test_every_row_comes_back_once_and_every_order_once(rows: list[SortedRow]) -> None:
    groups = sort(rows, memory_bytes=200)

    assert len({order for order, _ in groups}) == len(groups)
    back = [tuple(map(repr, row)) for _, found in groups for row in found]
    assert sorted(back) == sorted(tuple(map(repr, row)) for row in rows)


@pytest.mark.parametrize("memory_bytes", [100, 1_000_000])
def test_rows_beyond_the_limit_come_apart(memory_bytes: int) -> None:
    with RowSorter(memory_bytes) as sorter:
        for n in range(50):
            sorter.add("x" if n % 2 else "y", 0, [f"{n:02}"], n)
        found = [
            (order, len(first), len(list(beyond))) for order, first, beyond in sorter.groups(10)
        ]

    assert found == [("x", 10, 15), ("y", 10, 15)]
