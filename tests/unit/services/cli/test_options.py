"""Texts of the command line become values, or an error that says what to write."""

import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer

from services.cli.options import (
    Printing,
    Scoping,
    Sending,
    duration_of,
    time_of,
    unfolded,
    uuid_of,
)
from services.cli.sending import roles

HALF_PAST_TWO = datetime(2018, 6, 30, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2018-06-30T14:30:00Z", "2018-06-30 14:30:00", "2018-06-30T14:30", "2018-06-30T16:30+02:00"],
)
def test_a_time_is_read_as_utc_unless_it_says_otherwise(text: str) -> None:
    assert time_of(text) == HALF_PAST_TWO
    assert time_of(text).tzinfo == UTC


def test_a_day_is_its_first_moment() -> None:
    assert time_of("2018-06-30") == datetime(2018, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2018-13-01", "2018-06-30T25:00", "30.06.2018"])
def test_no_time_says_how_to_write_one(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time: write 2018-06-30T23:59:59Z"):
        time_of(text)


def test_a_duration_is_read_or_explained() -> None:
    assert duration_of("1d12h") == timedelta(hours=36)
    for text in ("", "7", "7 days", "0d", "-7d"):
        with pytest.raises(typer.BadParameter):
            duration_of(text)


def test_an_id_is_read_or_explained() -> None:
    with pytest.raises(typer.BadParameter, match="is no UUID: write it as"):
        uuid_of("seventeen")


def test_json_and_csv_exclude_each_other() -> None:
    with pytest.raises(typer.BadParameter, match="choose one"):
        Printing(json=True, csv=True)


def test_roles_may_be_repeated_or_listed() -> None:
    assert roles(Sending(role=["manager, lead", "manager"])) == ("manager", "lead")
    assert roles(Sending()) == ()


def test_a_group_of_options_is_shown_one_by_one() -> None:
    got: dict[str, Any] = {}

    @unfolded
    def command(name: str, loud: bool = False, *, scoping: Scoping, printing: Printing) -> None:
        got.update(name=name, loud=loud, scoping=scoping, printing=printing)

    parameters = list(inspect.signature(command).parameters)
    command(
        name="a", loud=True, as_of=None, as_known=None, timed_only=True, path="shop", json=True,
        csv=False,
    )  # fmt: skip

    assert parameters == [
        "name", "loud", "as_of", "as_known", "timed_only", "path", "json", "csv",
    ]  # fmt: skip
    assert got == {
        "name": "a",
        "loud": True,
        "scoping": Scoping(timed_only=True, path="shop"),
        "printing": Printing(json=True),
    }
