"""A series of numbers: how they are written, and that no number is left out or given twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.documents.commands import DefineSeries
from domain.documents.events import Format, NumberTaken, SeriesDefined
from domain.documents.series import Series
from domain.messages import Command
from domain.orders.events import DocumentIssued
from domain.refusals import Refusal
from tests.support.examples import COMMANDS, NOW, SERIES, actor
from tests.support.spec import given
from tests.support.strategies import document_commands, sequences
from tests.unit.domain.orders.test_decide_documents import PLACE, issue

NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Berlin


def define(**format_: Any) -> DefineSeries:
    told = {"command_id": UUID(int=7), "actor": actor(), "series": "invoice"}
    return DefineSeries(**told, format=Format(**format_))


class TestDefineSeries:
    def test_the_format_is_data_of_the_series_and_counts_from_then_on(self) -> None:
        scenario = given(PLACE, issue())

        scenario.when(define(prefix="INV-", width=6)).then(
            SeriesDefined(format=Format(prefix="INV-", width=6))
        )
        order = scenario.when(issue()).order
        assert [d.number for d in order.documents.values()] == ["1", "INV-000002"]

    def test_the_same_format_again_is_nothing(self) -> None:
        given(define(prefix="A-")).when(define(prefix="A-")).then_nothing()
        given().when(define()).then_nothing()

    def test_whether_a_series_begins_again_each_year_is_settled_by_its_first_number(self) -> None:
        scenario = given(PLACE, define(yearly=True), define(), define(yearly=True), issue())

        answer = scenario.when(define())
        answer.then_refused("series_in_use")
        assert answer.fields == ["format.yearly"]
        scenario.when(define(yearly=True, prefix="R-"))
        assert scenario.when(issue()).order.documents["invoice-2"].number == "R-2026-2"

    @pytest.mark.parametrize(
        "wrong", [{"prefix": "A1-"}, {"width": 0}, {"width": 13}, {"zone": "Nowhere/Land"}]
    )
    def test_a_format_that_says_nothing_sensible_is_none(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            define(**wrong)


class TestNextNumber:
    def test_a_yearly_series_begins_again_when_the_year_turns_where_the_shop_is(self) -> None:
        berlin = Series(format=Format(yearly=True, zone="Europe/Berlin"), serial=41, year=2026)

        before = berlin.next_number(NEW_YEARS_EVE - timedelta(hours=1))
        after = berlin.next_number(NEW_YEARS_EVE)

        assert (before.number, after.number) == ("2026-42", "2027-1")

    def test_a_clock_that_goes_back_never_takes_a_number_of_last_year(self) -> None:
        ahead = Series(format=Format(yearly=True), serial=3, year=2027)

        assert ahead.next_number(NOW).number == "2027-4"


formats = st.builds(
    Format, prefix=st.sampled_from(["", "A", "A-"]), width=st.integers(1, 3), yearly=st.booleans()
)
definitions: st.SearchStrategy[Command] = formats.map(
    lambda one: COMMANDS["series.define"].model_copy(update={"format": one})
)


@drawn(
    sequences(document_commands, definitions, first=st.just(PLACE)),
    st.lists(st.integers(0, 300), max_size=25),
)
def test_the_numbers_of_a_series_are_without_gaps_and_never_alike(
    script: list[tuple[int, Command]], days: list[int]
) -> None:
    world, now = given().world, NOW
    for number, (_, command) in enumerate(script):
        now += timedelta(days=days[number] if number < len(days) else 0)
        try:
            world.run(command, now)
        except Refusal:
            continue

    taken = [one.event for stream, one in world.stored if stream == SERIES]
    numbers = [event for event in taken if isinstance(event, NumberTaken)]
    last = Series()
    for event in numbers:
        begins = world.series.format.yearly and event.year > last.year
        assert event.serial == (1 if begins else last.serial + 1)
        last = Series(serial=event.serial, year=event.year)
    assert len({event.number for event in numbers}) == len(numbers)
    issued = [one.event for _, one in world.stored if isinstance(one.event, DocumentIssued)]
    assert [one.number for one in issued if one.series == "invoice"] == [
        event.number for event in numbers
    ]
