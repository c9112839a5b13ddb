"""`orderpath report pipeline|receivables|demand|segments|reasons|operators|compare`: how the shop
does, as things are now or in some days. The reports of the way of orders are in reports.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli import figure_tables as tables
from services.cli.options import Limit, Printing, most, said, time_of, unfolded
from services.cli.output import columns_of, put_report
from services.cli.reports import ask

if TYPE_CHECKING:
    from rich.console import RenderableType

Path = Annotated[str | None, typer.Option(metavar="PATH", help="Only orders of this path.")]


@unfolded
def pipeline(path: Path = None, *, printing: Printing) -> None:
    """Show what the open orders are worth, and how much work they still ask for."""
    from projections.reports.pipeline import StageValue
    from services.questions.figures import Pipeline

    answer = ask(Pipeline(path=path))
    put_report(
        answer,
        printing,
        rows=answer["stages"],
        columns=columns_of(StageValue),
        people=lambda: tables.pipeline_tables(answer),
    )


@unfolded
def receivables(path: Path = None, limit: Limit = None, *, printing: Printing) -> None:
    """List what customers owe: by age, by customer, by order."""
    from projections.reports.receivables import Debt
    from services.questions.figures import Receivables

    answer = ask(Receivables(path=path, **_limited(limit, printing)))
    put_report(
        answer,
        printing,
        rows=answer["orders"],
        columns=columns_of(Debt),
        people=lambda: tables.receivables_tables(answer),
    )


@unfolded
def demand(limit: Limit = None, *, printing: Printing) -> None:
    """List the articles by what they bring (ABC) and how evenly they are asked for (XYZ)."""
    from projections.reports import demand as rows
    from services.questions.figures import Demand

    answer = ask(Demand(**_limited(limit, printing)))
    _put(answer, rows.Demand, printing, tables.demand_table)


@unfolded
def segments(limit: Limit = None, *, printing: Printing) -> None:
    """Count the customers with the same tag and the same reason why they did not buy."""
    from projections.reports.segments import Segment
    from services.questions.figures import Segments

    answer = ask(Segments(**_limited(limit, printing)))
    _put(answer, Segment, printing, tables.segments_table)


@unfolded
def reasons(path: Path = None, limit: Limit = None, *, printing: Printing) -> None:
    """List why orders failed: by the status before, the owner and the supplier."""
    from projections.reports.reasons import FailedBecause
    from services.questions.figures import Reasons

    answer = ask(Reasons(path=path, **_limited(limit, printing)))
    _put(answer, FailedBecause, printing, tables.reasons_table)


Start = Annotated[
    datetime | None, typer.Option("--from", parser=time_of, metavar="DAY", help="First day, UTC.")
]
End = Annotated[
    datetime | None, typer.Option("--to", parser=time_of, metavar="DAY", help="Last day, UTC.")
]


@unfolded
def operators(start: Start = None, end: End = None, *, printing: Printing) -> None:
    """Show calls, upselling and handling time of each person, over some days."""
    from projections.reports.operators import Operator
    from services.questions.figures import Operators

    if start is not None and end is not None and start > end:
        raise typer.BadParameter("--from is later than --to")
    first, last = (moment and moment.date() for moment in (start, end))
    answer = ask(Operators(start=first, end=last))
    _put(answer, Operator, printing, tables.operators_table)


@dataclass(frozen=True, slots=True)
class Periods:
    """Two times, each from a moment up to another that is no part of it."""

    start: Annotated[datetime, typer.Option("--from", parser=time_of, metavar="TIME")]
    end: Annotated[datetime, typer.Option("--to", parser=time_of, metavar="TIME")]
    other_start: Annotated[datetime, typer.Option("--and-from", parser=time_of, metavar="TIME")]
    other_end: Annotated[datetime, typer.Option("--and-to", parser=time_of, metavar="TIME")]

    def __post_init__(self) -> None:
        if self.start >= self.end or self.other_start >= self.other_end:
            raise typer.BadParameter("each period ends later than it begins")


@unfolded
def compare(path: Path = None, *, periods: Periods, printing: Printing) -> None:
    """Set two periods side by side: people, orders for each, revenue, handling time."""
    from projections.reports.compare import Compared
    from services.questions.figures import Compare

    answer = ask(Compare(path=path, **asdict(periods)))
    _put(answer, Compared, printing, tables.compared_table)


def _limited(limit: int | None, printing: Printing) -> dict[str, int]:
    """Say how many rows there are where nobody does: programs get all."""
    return said(limit=most(limit, everything=printing.json or printing.csv))


def _put(
    answer: Sequence[Mapping[str, Any]],
    shape: Any,
    printing: Printing,
    shown: "Callable[[Sequence[Mapping[str, Any]]], RenderableType]",
) -> None:
    """Write an answer that is a list."""

    def people() -> "Iterable[RenderableType]":
        return [shown(answer)]

    put_report(answer, printing, rows=answer, columns=columns_of(shape), people=people)
