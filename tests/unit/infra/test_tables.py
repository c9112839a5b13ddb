"""Tables as streams: every row with its line, and what happens to files that are none."""

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from infra.tables import MAX_LINE_CHARACTERS, TableError, open_table

Read = list[tuple[int, list[str], str | None]]


def read(folder: Path, content: bytes | str, **how: str) -> Read:
    """Write a file and read it."""
    path = folder / "log.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with closing(open_table(path, **how)) as table:
        return list(table.rows())


def test_rows_come_with_the_number_of_their_first_line(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b\n1,2\n\n"x\ny",3\r\n4,5') == [
        (2, ["1", "2"], None),
        (4, ["x\ny", "3"], None),
        (6, ["4", "5"], None),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")

    with closing(open_table(tmp_path / "log.csv")) as table:
        assert table.columns == ("a", "b")


def test_a_packed_file_is_known_by_its_content(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"a,b\n1,2\n")) == [(2, ["1", "2"], None)]


def test_other_delimiters_and_encodings_are_read(tmp_path: Path) -> None:
    rows = read(tmp_path, "a;b\nGrün;2\n".encode("latin-1"), delimiter=";", encoding="latin-1")
    assert rows == [(2, ["Grün", "2"], None)]

    assert read(tmp_path, "a,b\n1,2\n".encode("utf-16"), encoding="utf-16") == [
        (2, ["1", "2"], None)
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("1", "columns_missing"),
        ("1,2,3", "columns_too_many"),
        ('"1,2', "row_malformed"),
        ('"1"x,2', "row_malformed"),
        ("x" * 200_000 + ",2", "row_too_long"),
        ("x" * (2 * MAX_LINE_CHARACTERS) + ",2", "row_too_long"),
    ],
)
def test_a_bad_row_does_not_take_its_neighbours_along(
    tmp_path: Path, bad: str, reason: str
) -> None:
    rows = read(tmp_path, f"a,b\n1,2\n{bad}\n3,4\n5,6\n")

    assert [(line, problem) for line, _, problem in rows] == [
        (2, None),
        (3, reason),
        (4, None),
        (5, None),
    ]
    assert rows[-1][1] == ["5", "6"]


def test_a_quote_that_closes_far_below_is_a_bad_row_of_one_line(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\n"1,2\n3,4\n5,6"\n7,8\n')

    assert rows[1:] == [(3, ["3", "4"], None), (4, ["5", '6"'], None), (5, ["7", "8"], None)]
    assert (rows[0][0], rows[0][2]) == (2, "columns_missing")


def test_bytes_that_are_no_text_spoil_their_row_only(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1,2\n\xff\xfe,3\n4,5\n")

    assert [problem for _, _, problem in rows] == [None, "not_utf8", None]


def test_a_file_full_of_open_quotes_is_read_in_bounded_time(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n" + '"x,y\n' * 2_001)

    assert len(rows) == 2_001
    assert {problem for _, _, problem in rows} == {"row_malformed"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"a,b,a\n1,2,3\n", "the column 'a' stands there twice"),
        (b"PK\x03\x04rest", "a ZIP or Excel file"),
        (b"\xff\xfea\x00", "UTF-16 text"),
        (b"\xe9,b\n1,2\n", "not UTF-8"),
        (b",".join(b"c%d" % n for n in range(1_001)) + b"\n", "1001 columns"),
        (b'"a\n', "the header cannot be read"),
        (b"PAR1 and nothing else", "the Parquet file cannot be read"),
        (b"\x1f\x8bbroken in the head", "the packed file is damaged"),
    ],
)
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(TableError, match=told):
        read(tmp_path, content)


def test_a_packed_file_that_was_cut_says_where(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n * 7919 % 1000}\n" for n in range(5_000))
    packed = gzip.compress(f"a,b\n{rows}".encode())

    with pytest.raises(TableError, match=r"log\.csv:\d+: the packed file ends too early: get it"):
        read(tmp_path, packed[: len(packed) // 2])


def test_a_last_line_without_an_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n1,2\n3,4")
    with closing(open_table(path)) as table:
        list(table.rows())

        assert table.ends_open
        assert table.read_share == 1.0
