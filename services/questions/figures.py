"""Reports of how the shop does, as things are now or in some days. Those of the way of orders are
in reports.py.
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from domain.messages import Moment
from projections.reports import demand as demands
from projections.reports import pipeline as pipelines
from projections.reports import reasons as reason_rows
from projections.reports import receivables as debts
from projections.reports import segments as segment_rows
from projections.reports.compare import Compared, Period, compare_periods
from projections.reports.operators import Operator, measure_operators
from services.questions.question import Asked, question
from services.questions.reports import PathName, reported

if TYPE_CHECKING:
    from services.bootstrap import System


class OfPath(Asked):
    """Which orders count."""

    path: PathName = None


class Pipeline(OfPath):
    """What the open orders are worth."""


class Receivables(OfPath):
    """What customers owe."""

    limit: Annotated[int, Field(ge=1, le=debts.MOST_LISTED)] = debts.MOST_LISTED


class Demand(Asked):
    """What articles bring, and how evenly they are asked for."""

    limit: Annotated[int, Field(ge=1, le=demands.MOST_LISTED)] = demands.MOST_LISTED


class Segments(Asked):
    """Customers with the same tag and the same reason."""

    limit: Annotated[int, Field(ge=1, le=segment_rows.MOST_LISTED)] = segment_rows.MOST_LISTED


class Reasons(OfPath):
    """Why orders failed."""

    limit: Annotated[int, Field(ge=1, le=reason_rows.MOST_LISTED)] = reason_rows.MOST_LISTED


Day = Annotated[date | None, Field(examples=["2026-01-31"])]


class Operators(Asked):
    """What each person did, over some days, in UTC."""

    start: Day = None
    end: Day = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError("start is later than end: swap the two")
        return self


class Compare(OfPath):
    """Two periods, each from a moment up to another that is no part of it."""

    start: Annotated[Moment, Field(examples=["2026-01-01T00:00:00Z"])]
    end: Annotated[Moment, Field(examples=["2026-02-01T00:00:00Z"])]
    other_start: Annotated[Moment, Field(examples=["2025-01-01T00:00:00Z"])]
    other_end: Annotated[Moment, Field(examples=["2025-02-01T00:00:00Z"])]

    @model_validator(mode="after")
    def _periods_last(self) -> Self:
        if self.start >= self.end or self.other_start >= self.other_end:
            raise ValueError("each period ends later than it begins")
        return self


@question("report.pipeline", "/reports/pipeline", reads="tables")
def pipeline(system: "System", asked: Pipeline) -> pipelines.Pipeline:
    """Show what the open orders are worth, and how much work they still ask for."""
    return reported(system, asked, lambda reader: pipelines.value_pipeline(reader, asked.path))


@question("report.receivables", "/reports/receivables", reads="tables")
def receivables(system: "System", asked: Receivables) -> debts.Receivables:
    """List what customers owe: by age, by customer, by order."""
    return reported(
        system, asked, lambda reader: debts.list_receivables(reader, asked.path, asked.limit)
    )


@question("report.demand", "/reports/demand", reads="tables")
def demand(system: "System", asked: Demand) -> list[demands.Demand]:
    """List the articles by what they bring (ABC) and how evenly they are asked for (XYZ)."""
    with system.snapshot() as reader:
        return demands.list_demand(reader, asked.limit)


@question("report.segments", "/reports/segments", reads="tables")
def segments(system: "System", asked: Segments) -> list[segment_rows.Segment]:
    """Count the customers with the same tag and the same reason why they did not buy."""
    with system.snapshot() as reader:
        return segment_rows.list_segments(reader, asked.limit)


@question("report.reasons", "/reports/reasons", reads="tables")
def reasons(system: "System", asked: Reasons) -> list[reason_rows.FailedBecause]:
    """List why orders failed: by the status before, the owner and the supplier."""
    return reported(
        system, asked, lambda reader: reason_rows.list_reasons(reader, asked.path, asked.limit)
    )


@question("report.operators", "/reports/operators", reads="tables")
def operators(system: "System", asked: Operators) -> list[Operator]:
    """Show calls, upselling and handling time of each person, over some days."""
    with system.snapshot() as reader:
        return measure_operators(reader, asked.start, asked.end)


@question("report.compare", "/reports/compare", reads="tables")
def compare(system: "System", asked: Compare) -> list[Compared]:
    """Set two periods side by side: people, orders for each, revenue, handling time."""
    one, other = Period(asked.start, asked.end), Period(asked.other_start, asked.other_end)
    found: Any = reported(
        system, asked, lambda reader: compare_periods(reader, one, other, asked.path)
    )
    return list(found)
