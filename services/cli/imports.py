"""`orderpath import …`: orders of other systems, and the rows of them that nobody could read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.errors import WANTING
from services.cli.options import AsJson, uuid_of
from services.cli.output import how_many, progress_bar, put, say, table
from services.cli.session import catch_up, opened
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.bootstrap import System
    from services.imports.report import ImportReport

app: Final = typer.Typer(
    name="import",
    help="Record the orders of other systems; twice is once.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
quarantine: Final = typer.Typer(
    name="quarantine",
    help="Rows that could not be read: list, fix and resubmit them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(quarantine)

PATIENCE_SECONDS: Final = 120.0  # as a database takes that was killed: nobody waits for an answer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be recorded.")]
Source = Annotated[str | None, typer.Option(metavar="NAME", help="Only rows of this source.")]
RowId = Annotated[UUID, typer.Argument(parser=uuid_of, metavar="ROW")]


@app.command()
def olist(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="With orders, order_items, order_payments.")
    ],
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Import the Olist data set (.csv or .csv.gz). 1 if some rows are in quarantine."""
    from services.cli.imports_far import olist_far
    from services.desks import Far, Near
    from services.imports.olist import import_olist

    with opened_desk(PATIENCE_SECONDS) as desk, _resumable(), progress_bar("Importing") as move:
        if isinstance(desk, Far):
            _tell(olist_far(desk.client, folder, dry_run=dry_run, move=move), json)
            return
        assert isinstance(desk, Near)
        report = import_olist(desk.system, folder, dry_run=dry_run, progress=move)
        _finish(desk.system, report, json)


@app.command()
def log(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, CSV.gz or Parquet.")],
    mapping: Annotated[
        Path, typer.Option(metavar="MAP.yaml", help="What the columns mean; see docs/import.md.")
    ],
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Import any event log by a mapping. 1 if some rows are in quarantine."""
    from services.cli.imports_far import log_far
    from services.desks import Far, Near
    from services.imports.log_file import import_log

    with opened_desk(PATIENCE_SECONDS) as desk, _resumable(), progress_bar("Importing") as move:
        if isinstance(desk, Far):
            _tell(log_far(desk.client, file, mapping, dry_run=dry_run, move=move), json)
            return
        assert isinstance(desk, Near)
        report = import_log(desk.system, file, mapping, dry_run=dry_run, progress=move)
        _finish(desk.system, report, json)


@quarantine.command("list")
def list_them(
    source: Source = None,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    after: Annotated[
        UUID | None,
        typer.Option(parser=uuid_of, metavar="ROW", help="Go on behind this row."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, metavar="N")] = 100,
    json: AsJson = False,
) -> None:
    """List the rows in quarantine: file, line, what is wrong."""
    from services.imports.quarantine import as_dict, list_rows

    state = None if everything else "open"
    with opened() as system:
        found = list_rows(system, source=source, state=state, after=after, limit=limit)
    rows = [as_dict(row) for row in found]
    put(rows, as_json=json, people=lambda: [_rows_table(rows)])
    if len(rows) == limit:
        say(f"There may be more: add --after {rows[-1]['row_id']}")


@quarantine.command()
def fix(
    row: RowId,
    change: Annotated[list[str], typer.Option("--set", metavar="COLUMN=VALUE", help="Repeatable.")],
    json: AsJson = False,
) -> None:
    """Put values of a row right; `resubmit` reads it again."""
    from services.imports.quarantine import as_dict
    from services.imports.quarantine import fix as fix_row

    changes = dict(_pair(text) for text in change)
    with opened() as system:
        fixed = as_dict(fix_row(system, row, changes))
    put(fixed, as_json=json, people=lambda: [_rows_table([fixed])])


@quarantine.command()
def resubmit(
    row: Annotated[
        list[UUID] | None,
        typer.Argument(parser=uuid_of, metavar="ROW", help="By default all open ones."),
    ] = None,
    source: Source = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Read rows again and record what can be recorded now. 1 if some are still wrong."""
    from services.imports.quarantine import resubmit as resubmit_rows

    with opened(PATIENCE_SECONDS) as system, _resumable(), progress_bar("Resubmitting") as move:
        report = resubmit_rows(
            system, source=source, row_ids=row or None, dry_run=dry_run, progress=move
        )
        _finish(system, report, json)


@contextmanager
def _resumable() -> Iterator[None]:
    """Say at Ctrl-C how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        say("Interrupted. What was recorded stays: start the same again, it leaves that out.")
        raise


def _finish(system: "System", report: "ImportReport", as_json: bool) -> None:
    """Bring the projections along and tell what was done. Rows that are still bad end with 1."""
    began = perf_counter()
    applied = 0 if report.dry_run else system.patience(lambda: catch_up(system))
    seconds = round(perf_counter() - began, 3)
    _tell(report.as_dict(), as_json, {"events": applied, "seconds": seconds})


def _tell(report: dict[str, Any], as_json: bool, projections: dict[str, Any] | None = None) -> None:
    """Tell what was done; projections: what it took to bring them along, None: a server does it"""
    answer = {**report, "projections": projections or {"events": 0, "seconds": 0.0}}
    put(answer, as_json=as_json, people=lambda: _sheet(answer))
    bad = sum(report["quarantined"].values()) - report["already_resolved"]
    if bad:
        say(_bad_rows(bad, dry_run=report["dry_run"]))
        raise SystemExit(WANTING)


def _bad_rows(number: int, *, dry_run: bool) -> str:
    rows = how_many(number, "rows")
    if dry_run:
        return f"{rows} would be in quarantine; all others would be recorded."
    one = number == 1
    return (
        f"{rows} {'is' if one else 'are'} in quarantine, all others are recorded: see "
        "`orderpath import quarantine list`."
    )


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    facts = answer["facts"]
    would = "would be " if answer["dry_run"] else ""
    lines = [
        ("rows read", answer["rows_read"]),
        ("orders", answer["orders"]),
        (f"facts that {would or 'were '}new", facts["new"]),
        ("facts known before", facts["known"]),
        *((("of these, told differently now", n),) if (n := answer["told_differently"]) else ()),
        *((("attempts refused", n),) if (n := answer["attempts_refused"]) else ()),
        ("duplicate rows", answer["duplicates"]),
        ("ignored rows", answer["rows_ignored"]),
        *((f"against the path: {code}", n) for code, n in answer["nonconforming"].items()),
        *((f"in quarantine: {code}", n) for code, n in answer["quarantined"].items()),
        ("freed from quarantine", answer["freed"] or None),
        *((f"note: {note}", n) for note, n in answer["notes"].items()),
        ("into the log, events/s", answer["events_per_second"]),
        ("projections, seconds", answer["projections"]["seconds"]),
        ("drafted path", answer["path_file"]),
    ]
    title = f"Import of {answer['source'] or 'quarantined rows'}"
    yield table(title, "what", "number>", rows=(line for line in lines if line[1] is not None))
    yield from (f"Warning: {warning}" for warning in answer["warnings"])


def _rows_table(rows: list[dict[str, Any]]) -> "RenderableType":
    keys = ("row_id", "source", "file", "line", "reason", "message", "state", "fixed")
    columns = ("row!", "source?", "file", "line>", "reason", "message", "state?", "fixed?")
    return table("Quarantine", *columns, rows=([row[key] for key in keys] for row in rows))


def _pair(text: str) -> tuple[str, str]:
    column, sign, value = text.partition("=")
    if not sign or not column:
        raise typer.BadParameter(f"--set {text!r}: write COLUMN=VALUE")
    return column, value
