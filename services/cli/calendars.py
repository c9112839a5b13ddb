"""`orderpath calendar …`: calendars are published, listed, and shown with their hours."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.files import given_file
from services.cli.options import AsJson, Sending, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from services.desks import Desk

app: Final = typer.Typer(
    name="calendar",
    help="Publish and show the calendars that limits in working time follow.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_them(json: AsJson = False) -> None:
    """List the published calendars with their latest versions."""
    from services.questions.hours import Calendars

    with opened_desk() as desk:
        rows = desk.ask(Calendars())
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
    with opened_desk() as desk:
        outcome = execute(desk, PublishCalendar, sending, {"definition": definition})
        answer = outcome_dict(desk, outcome, f"calendar-{name}", calendar=name)
        put_outcome(outcome, answer, sending, lambda: _sentence(desk, name, outcome))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="CALENDAR", help="As `calendar list` names it.")],
    json: AsJson = False,
) -> None:
    """Show the latest version of a calendar: its hours, holidays and special days."""
    from services.questions.hours import ShowCalendar

    with opened_desk() as desk:
        answer = desk.ask(ShowCalendar(calendar=name))
    put(answer, as_json=json, people=lambda: _sheet(answer))


def _sentence(desk: "Desk", name: str, outcome: "Outcome") -> str:
    from services.questions.hours import ShowCalendar

    version = desk.ask(ShowCalendar(calendar=name))["version"]
    if outcome.kind == "nothing":
        return f"Nothing new: version {version} of calendar {name} says the same."
    return f"Limits follow version {version} of calendar {name}; {where(outcome)}"


def _sheet(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    from domain.paths.calendars import Calendar
    from services.plain_json import as_told

    name = answer["calendar"]
    calendar = Calendar.as_published(as_told(answer["definition"]))
    called = f"{calendar.title.get('en', name)}, {calendar.zone}"
    title = f"Calendar {name}, version {answer['version']}: {called}"
    week = ((weekday, hours or None) for weekday, hours in calendar.hours)
    yield table(title, "weekday", "hours", rows=week)
    closed, special = calendar.holidays, calendar.special_days
    if days := sorted({*closed, *special}):
        other = ((day, f"{day:%a}", special.get(day), closed.get(day)) for day in days)
        yield table("Other days", "day", "weekday", "hours", "holiday", rows=other)
