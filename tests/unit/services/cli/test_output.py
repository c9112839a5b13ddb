"""Answers come out as stable JSON, flat CSV, and words that people read."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from typing import TypedDict
from uuid import UUID

import pytest

from services.cli.amounts import amount, minor_of, priced
from services.cli.output import columns_of, console, how_many, put_csv, put_json, span, table, words

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_json_has_times_in_utc_and_ids_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    put_json(
        {
            "at": datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))),
            "id": UUID(int=1),
            "name": "Zoë",
            "none": None,
        }
    )

    assert capsys.readouterr().out == (
        '{"at": "2026-03-01T12:00:00Z", "id": "00000000-0000-0000-0000-000000000001",'
        ' "name": "Zoë", "none": null}\n'
    )


def shown(*columns: str, width: int, rows: list[list[object]]) -> str:
    """What a terminal of so many columns shows of a table."""
    with pytest.MonkeyPatch.context() as here:
        here.setenv("COLUMNS", str(width))
        console.cache_clear()
        with console().capture() as said:
            console().print(table("Moves", *columns, rows=rows))
        console.cache_clear()
    return said.get()


def test_a_narrow_table_leaves_out_what_may_be_left_out_and_says_so() -> None:
    columns = ("who", "from?", "to", "recorded!?")
    rows: list[list[object]] = [["victor.lane", "awaiting_payment", "delivered", NOON]]

    wide = shown(*columns, width=80, rows=rows)
    narrow = shown(*columns, width=60, rows=rows)
    narrower = shown(*columns, width=36, rows=rows)

    assert ("2026-03-01 12:00:00" in wide, "Too narrow" in wide) == (True, False)
    assert "awaiting_payment" in narrow
    assert "Too narrow for: recorded" in narrow
    assert "Too narrow for: from, recorded" in " ".join(narrower.split())
    assert "victor.lane │ delivered" in narrower


def test_csv_is_flat_and_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    put_csv(
        [
            {"to": "a", "at": NOON, "seconds": {"mean": 1.5, "p90": None}, "route": ["x", "y"]},
            {"to": "b,c", "at": None, "seconds": {"mean": 2, "p90": 3}, "route": []},
        ],
        columns=["to"],
    )

    assert capsys.readouterr().out == (
        'to,at,seconds_mean,seconds_p90,route\na,2026-03-01T12:00:00Z,1.5,,x > y\n"b,c",,2,3,\n'
    )


class Spread(TypedDict):
    mean: float | None
    p90: float | None


class Row(TypedDict):
    to: str
    route: list[str]
    seconds: Spread
    reached: dict[str, int]


def test_csv_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    put_csv([], columns_of(Row))

    assert capsys.readouterr().out == "to,route,seconds_mean,seconds_p90\n"


def test_csv_has_the_columns_of_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    put_csv([{"reached": {"new": 1}}, {"reached": {"new": 2, "done": 3}}], columns=[])

    assert capsys.readouterr().out == "reached_new,reached_done\n1,\n2,3\n"


@pytest.mark.parametrize(
    "formula", ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", " =1", "\n=1"]
)
def test_csv_has_no_formula_for_a_spreadsheet(
    formula: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put_csv([{"to": formula, "route": [formula, "b"], "reached": {formula: 1}}], columns=["to"])

    header, row = csv.reader(StringIO(capsys.readouterr().out, newline=""))
    assert header == ["to", "route", f"reached_{formula}"]
    assert row == [f"'{formula}", f"'{formula} > b", "1"]


@pytest.mark.parametrize("text", ["\r=1", "a\r=1", "a\r\n=1"])
def test_csv_keeps_a_text_of_several_lines_in_its_cell(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put_csv([{"to": text}], columns=[])

    _, (cell,) = csv.reader(StringIO(capsys.readouterr().out, newline=""))
    assert cell.removeprefix("'").splitlines() == text.splitlines()


def test_csv_has_no_formula_in_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    put_csv([{"=1+1": "a"}], columns=[])

    assert capsys.readouterr().out == "'=1+1\na\n"


@pytest.mark.parametrize("harmless", ["+79001234567", "-5", "-5.25", "a=b", "2026-03-01", -5, -1.5])
def test_csv_leaves_what_is_no_formula(
    harmless: str | float, capsys: pytest.CaptureFixture[str]
) -> None:
    put_csv([{"to": harmless}], columns=[])

    assert capsys.readouterr().out == f"to\n{harmless}\n"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0.0, "0s"),
        (1.25, "1.2s"),
        (42.4, "42s"),
        (725, "12m 5s"),
        (12_000, "3h 20m"),
        (3_599.7, "1h 0m"),
        (-90, "-1m 30s"),
        (799_200, "9d 6h"),
    ],
)
def test_a_span_is_short(seconds: float | None, said: str) -> None:
    assert span(seconds) == said


def test_people_read_words() -> None:
    assert [words(v) for v in (None, True, 12_345, NOON, {"a": 1, "b": None})] == [
        "-", "yes", "12,345", "2026-03-01 12:00:00", "a=1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (123_450, "BRL", "1,234.50 BRL"),
        (-5, "EUR", "-0.05 EUR"),
        (1_500, "JPY", "1,500 JPY"),
        (1_234, "KWD", "1.234 KWD"),
        (7, None, "7 minor units"),
        (None, "EUR", "-"),
    ],
)
def test_money_is_written_in_its_currency(
    minor: int | None, currency: str | None, said: str
) -> None:
    assert amount(minor, currency) == said


def test_money_is_found_by_its_name() -> None:
    assert priced("totals", {"total_minor": 100, "quantity": 100}, "EUR") == {
        "total_minor": "1.00 EUR",
        "quantity": 100,
    }


def test_money_is_read_exactly() -> None:
    assert minor_of("0.1", "EUR", "AMOUNT") == 10


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 customers"), (1, "1 customer"), (2_000, "2,000 customers")]
)
def test_one_is_told_in_the_singular(number: int, said: str) -> None:
    assert how_many(number, "customers") == said
