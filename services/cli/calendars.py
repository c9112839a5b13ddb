"""`orderpath calendar …`: calendars are published, listed, and shown with their hours."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.files import given_file
from services.cli.options import AsJson, Sending, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import near, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.paths.calendars import Calendar
    from services.bootstrap import System

app: Final = typer.Typer(
    name="calendar",
    help="Publish and show the calendars that limits in working time follow.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_them(json: AsJson = False) -> None:
    """List the published calendars with their latest versions."""
    from services.reading import latest_calendar

    rows = []
    with opened() as system:
        for name in sorted(system.log.calendar_names()):
            version, calendar = latest_calendar(system, name)
            rows.append(
                {
                    "calendar": name,
                    "version": version,
                    "title": calendar.title.get("en", name),
                    "zone": calendar.zone,
                    "week_hours": calendar.hours.minutes / 60,
                    "holidays": len(calendar.holidays),
                    "special_days": len(calendar.special_days),
                }
            )
    columns = ("calendar", "version>", "title", "zone", "hours a week>", "holidays>", "special>")
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("Calendars", *columns, rows=cells)])


@app.command()
@unfolded
def publish(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="YAML, `-` for standard input; see docs/calendars.md."),
    ],
    *,
    sending: Sending,
) -> None:
    """Make a calendar the one that limits follow; the same content again is nothing new."""
    from domain.paths.calendar_line import PublishCalendar
    from services.bootstrap import calendar_files

    given = given_file(file)
    definition = calendar_files.read_calendar(given.text, where=given.name)
    name = definition.calendar
    with opened() as system:
        outcome = execute(near(system), PublishCalendar, sending, {"definition": definition})
        answer = outcome_dict(near(system), outcome, f"calendar-{name}", calendar=name)
        put_outcome(outcome, answer, sending, lambda: _sentence(system, name, outcome))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="CALENDAR", help="As `calendar list` names it.")],
    json: AsJson = False,
) -> None:
    """Show the latest version of a calendar: its hours, holidays and special days."""
    from services.reading import check_calendar, latest_calendar

    with opened() as system:
        check_calendar(system, name)
        version, calendar = latest_calendar(system, name)
    answer = {"calendar": name, "version": version, "definition": calendar.model_dump(mode="json")}
    put(answer, as_json=json, people=lambda: _sheet(name, version, calendar))


def _sentence(system: "System", name: str, outcome: "Outcome") -> str:
    from services.reading import latest_calendar

    version, _ = latest_calendar(system, name)
    if outcome.kind == "nothing":
        return f"Nothing new: version {version} of calendar {name} says the same."
    return f"Limits follow version {version} of calendar {name}; {where(outcome)}"


def _sheet(name: str, version: int, calendar: "Calendar") -> "Iterator[RenderableType]":
    title = f"Calendar {name}, version {version}: {calendar.title.get('en', name)}, {calendar.zone}"
    week = ((weekday, hours or None) for weekday, hours in calendar.hours)
    yield table(title, "weekday", "hours", rows=week)
    closed, special = calendar.holidays, calendar.special_days
    if days := sorted({*closed, *special}):
        other = ((day, f"{day:%a}", special.get(day), closed.get(day)) for day in days)
        yield table("Other days", "day", "weekday", "hours", "holiday", rows=other)
