"""`orderpath report …`: the questions of projections.reports, as tables, JSON or CSV."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli import report_tables as tables
from services.cli.errors import USAGE, CommandFailed
from services.cli.options import LISTED_FOR_PEOPLE, Limit, Printing, Scoping, duration_of, unfolded
from services.cli.output import columns_of, put_report
from services.cli.session import catch_up, opened

if TYPE_CHECKING:
    from projections.reports.scope import Reader, Scope
    from services.bootstrap import System

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
    from services.reading import status_places

    if view not in VIEWS:
        raise typer.BadParameter(f"no view {view!r}: write one of {', '.join(VIEWS)}")
    question: Any = {"now": f.count_funnel, "flow": f.count_flow, "cohort": f.count_cohorts}[view]
    shown: Any = {
        "now": tables.now_tables,
        "flow": tables.flow_tables,
        "cohort": tables.cohort_tables,
    }[view]
    rows: Any = {"now": "stages", "flow": "days", "cohort": "cohorts"}[view]
    columns = list(columns_of({"now": f.Stage, "flow": f.Day, "cohort": f.Cohort}[view]))

    def asked(system: "System", reader: "Reader", scope: "Scope") -> Any:
        places = status_places(system)
        if view == "cohort":  # Every status that an order of these paths may reach.
            columns.extend(f"reached_{code}" for path, code in places if scope.path in (None, path))
        return question(reader, scope, places)

    answer = ask(asked, scoping)
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
    from projections.reports.stale import MOST_LISTED, StaleOrder, list_stale

    for_people = not (printing.json or printing.csv)
    most = limit or (LISTED_FOR_PEOPLE if for_people else MOST_LISTED)
    answer = ask(
        lambda _, reader, scope: list_stale(
            reader, scope, silent_for=silent_for, overdue=overdue, limit=most
        ),
        scoping,
    )
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
    from projections.reports.conversion import Conversion, measure_conversion

    if start == end:
        raise typer.BadParameter("--from and --to are the same status: name two")

    def asked(system: "System", reader: "Reader", scope: "Scope") -> Any:
        for status in (start, end):
            known_status(system, status, scope.path)
        return measure_conversion(reader, scope, start, end)

    answer = ask(asked, scoping)
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
    from projections.reports.transitions import Transition, count_transitions

    answer = ask(lambda _, reader, scope: count_transitions(reader, scope), scoping)
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
    from projections.reports.times import TimeInStatus, measure_time_in_status
    from services.reading import status_places

    answer = ask(
        lambda system, reader, scope: placed(
            measure_time_in_status(reader, scope), status_places(system)
        ),
        scoping,
    )
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
    from projections.reports.times import Handling, measure_handling
    from services.reading import status_places

    answer = ask(
        lambda system, reader, scope: placed(
            measure_handling(reader, scope, by_holder=by_holder), status_places(system)
        ),
        scoping,
    )
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
    from projections.reports.routes import MOST_LISTED, Route, count_routes

    for_people = not (printing.json or printing.csv)
    most = limit or (LISTED_FOR_PEOPLE if for_people else MOST_LISTED)
    answer = ask(lambda _, reader, scope: count_routes(reader, scope, most), scoping)
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
    from projections.reports.overrides import MOST_LISTED, Override, list_overrides
    from services.overrides import with_reasons

    for_people = not (printing.json or printing.csv)
    most = limit or (LISTED_FOR_PEOPLE if for_people else MOST_LISTED)

    def asked(system: "System", reader: "Reader", scope: "Scope") -> Any:
        found = list_overrides(reader, scope, since=since, limit=most)
        return {**found, "overrides": with_reasons(system, found["overrides"])}

    answer = ask(asked, scoping)
    put_report(
        answer,
        printing,
        rows=answer["overrides"],
        columns=[*columns_of(Override), "reason"],
        people=lambda: tables.overrides_tables(answer, since),
    )


def ask(question: "Callable[[System, Reader, Scope], Any]", scoping: Scoping) -> Any:
    """Bring the projections up to date and ask them one question, at one moment of theirs."""
    with opened() as system:
        catch_up(system)
        return ask_in(system, question, scoping)


def ask_in(
    system: "System", question: "Callable[[System, Reader, Scope], Any]", scoping: Scoping
) -> Any:
    """Ask in a snapshot, with an analyst's rights."""
    from projections.reports.scope import Scope
    from services.reading import known_path

    scope = Scope(scoping.as_of, scoping.as_known, scoping.timed_only, scoping.path)
    if scope.path is not None:
        known_path(system, scope.path)
    with system.snapshot() as reader:
        return question(system, reader, scope)


def known_status(system: "System", status: str, path: str | None) -> None:
    """Refuse a status that no path has."""
    from services.reading import status_places

    known = [code for name, code in status_places(system) if path in (None, name)]
    if status not in known:
        where = f"the path {path}" if path else "any path"
        names = ", ".join(dict.fromkeys(known))
        raise CommandFailed(f"no status {status!r} in {where}: choose one of {names}", USAGE)


def placed(rows: list[Any], places: Mapping[tuple[str, str], int]) -> list[Any]:
    """Sort rows into the order of their path."""
    last = len(places)
    return sorted(
        rows, key=lambda row: (row["path"], places.get((row["path"], row["status"]), last))
    )
