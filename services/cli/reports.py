"""`orderpath report …`: the questions of services.questions.reports, as tables, JSON or CSV."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli import report_tables as tables
from services.cli.options import (
    Limit,
    Printing,
    Scoping,
    duration_of,
    most,
    said,
    unfolded,
)
from services.cli.output import columns_of, put_report
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from services.questions.question import Asked

app: Final = typer.Typer(
    name="report",
    help="Where orders are, which are forgotten, how long things take.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
VIEWS: Final = ("now", "flow", "cohort")
A_DAY: Final = timedelta(days=1)
A_WEEK: Final = timedelta(days=7)


@app.command()
@unfolded
def funnel(
    view: Annotated[
        str, typer.Option(metavar="VIEW", help="now, flow (by day) or cohort (by month).")
    ] = "now",
    *,
    scoping: Scoping,
    printing: Printing,
) -> None:
    """Show where all orders are, how they flow, or how far each month's orders came."""
    from projections.reports import funnel as f
    from services.questions.reports import Funnel, StatusPlaces

    if view not in VIEWS:
        raise typer.BadParameter(f"no view {view!r}: write one of {', '.join(VIEWS)}")
    shown: Any = {
        "now": tables.now_tables,
        "flow": tables.flow_tables,
        "cohort": tables.cohort_tables,
    }[view]
    rows: Any = {"now": "stages", "flow": "days", "cohort": "cohorts"}[view]
    columns = list(columns_of({"now": f.Stage, "flow": f.Day, "cohort": f.Cohort}[view]))
    with opened_desk() as desk:
        answer = desk.ask(Funnel.model_validate({**asdict(scoping), "view": view}))
        if view == "cohort":  # Every status that an order of these paths may reach.
            columns += (
                f"reached_{one['status']}"
                for one in desk.ask(StatusPlaces())
                if scoping.path in (None, one["path"])
            )
    put_report(answer, printing, rows=answer[rows], columns=columns, people=lambda: shown(answer))


@app.command()
@unfolded
def stale(
    silent_for: Annotated[
        timedelta,
        typer.Option(
            parser=duration_of,
            metavar="DURATION",
            show_default="7d",
            help="As 7d, 12h or 1h30m.",
        ),
    ] = A_WEEK,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="List what is beyond its time limit instead.")
    ] = False,
    limit: Limit = None,
    *,
    scoping: Scoping,
    printing: Printing,
) -> None:
    """Show open orders, and list those that were silent for strictly longer."""
    from projections.reports.stale import StaleOrder
    from services.questions.reports import Stale

    wanted = said(silent_for=silent_for, overdue=overdue, limit=_most(limit, printing))
    answer = ask(Stale.model_validate({**asdict(scoping), **wanted}))
    now = datetime.now(UTC)
    put_report(
        answer,
        printing,
        rows=answer["orders"],
        columns=columns_of(StaleOrder),
        people=lambda: tables.stale_tables(answer, silent_for, now),
    )


@app.command()
@unfolded
def conversion(
    start: Annotated[str, typer.Option("--from", metavar="STATUS", help="Where the clock starts.")],
    end: Annotated[str, typer.Option("--to", metavar="STATUS", help="Where it stops.")],
    *,
    scoping: Scoping,
    printing: Printing,
) -> None:
    """Measure from the first entry of one status to the first entry of another."""
    from projections.reports.conversion import Conversion
    from services.questions.reports import ConversionTimes

    if start == end:
        raise typer.BadParameter("--from and --to are the same status: name two")

    wanted = {**asdict(scoping), "start": start, "end": end}
    answer = ask(ConversionTimes.model_validate(wanted))
    put_report(
        answer,
        printing,
        rows=[answer],
        columns=columns_of(Conversion),
        people=lambda: [tables.conversion_table([answer])],
    )


@app.command()
@unfolded
def transitions(*, scoping: Scoping, printing: Printing) -> None:
    """Count the moves that orders really made, and the waits before them."""
    from projections.reports.transitions import Transition
    from services.questions.reports import Transitions

    answer = ask(Transitions.model_validate(asdict(scoping)))
    put_report(
        answer,
        printing,
        rows=answer,
        columns=columns_of(Transition),
        people=lambda: [tables.transitions_table(answer)],
    )


@app.command()
@unfolded
def times(*, scoping: Scoping, printing: Printing) -> None:
    """Show how long orders stay in each status."""
    from projections.reports.times import TimeInStatus
    from services.questions.reports import Times

    answer = ask(Times.model_validate(asdict(scoping)))
    put_report(
        answer,
        printing,
        rows=answer,
        columns=columns_of(TimeInStatus),
        people=lambda: [tables.times_table(answer)],
    )


@app.command()
@unfolded
def handling(
    by_holder: Annotated[
        bool, typer.Option("--by-holder", help="Apart for each person and group.")
    ] = False,
    *,
    scoping: Scoping,
    printing: Printing,
) -> None:
    """Show how long orders are worked on: from taken up to handed on."""
    from projections.reports.times import Handling
    from services.questions.reports import HandlingTimes

    answer = ask(HandlingTimes.model_validate({**asdict(scoping), "by_holder": by_holder}))
    put_report(
        answer,
        printing,
        rows=answer,
        columns=columns_of(Handling),
        people=lambda: [tables.handling_table(answer)],
    )


@app.command()
@unfolded
def routes(
    limit: Annotated[
        int | None, typer.Option(min=1, max=10_000, metavar="N", help="List at most so many.")
    ] = None,
    *,
    scoping: Scoping,
    printing: Printing,
) -> None:
    """List the ways that orders took, the most frequent first."""
    from projections.reports.routes import Route
    from services.questions.reports import Routes

    wanted = said(limit=_most(limit, printing))
    answer = ask(Routes.model_validate({**asdict(scoping), **wanted}))
    put_report(
        answer,
        printing,
        rows=answer,
        columns=columns_of(Route),
        people=lambda: [tables.routes_table(answer)],
    )


@app.command()
@unfolded
def overrides(
    since: Annotated[
        timedelta,
        typer.Option(
            parser=duration_of, metavar="DURATION", show_default="1d", help="As 7d or 12h."
        ),
    ] = A_DAY,
    limit: Annotated[
        int | None, typer.Option(min=1, max=10_000, metavar="N", help="List at most so many.")
    ] = None,
    *,
    scoping: Scoping,
    printing: Printing,
) -> None:
    """List the moves against the usual way, with who made them and why, the latest first."""
    from projections.reports.overrides import Override
    from services.questions.reports import Overrides

    wanted = said(since=since, limit=_most(limit, printing))
    answer = ask(Overrides.model_validate({**asdict(scoping), **wanted}))
    put_report(
        answer,
        printing,
        rows=answer["overrides"],
        columns=[*columns_of(Override), "reason"],
        people=lambda: tables.overrides_tables(answer, since),
    )


def ask(asked: "Asked") -> Any:
    """Ask one question of the read models, at one moment of theirs."""
    with opened_desk() as desk:
        return desk.ask(asked)


def _most(limit: int | None, printing: Printing) -> int | None:
    return most(limit, everything=printing.json or printing.csv)
